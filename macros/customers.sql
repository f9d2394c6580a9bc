{#- Who is a customer when: the two lifecycles, and what follows from them. -#}

{#- Whether subscriptions make a customer; else purchases do. -#}
{% macro customers_subscribe() %}{% do return(setting('customer_lifecycle') == 'subscriptions') %}{% endmacro %}


{#- The needs without which it is not known who is a customer, and who no longer is. Purchases are deals, and orders only
    where there are no deals. -#}
{% macro needs_of_customers() %}
    {% if customers_subscribe() %}{% do return(['subscriptions.ended_on']) %}{% endif %}
    {% do return(['deals.account_id?', closings_of_deals(), 'deals|orders.account_id']) %}
{% endmacro %}


{#- What the slices of customers need: whose rep and channel they are says the subscription or the purchase. -#}
{% macro dimension_needs_of_customers() %}
    {% if customers_subscribe() %}
        {% set rep = ['subscriptions.rep_id|deals.rep_id'] %}
        {% set channel = ['deals'] + needs_of_fallback('deals', 'channel') %}
    {% else %}
        {% set rep = ['subscriptions.rep_id|deals.rep_id?', 'subscriptions.rep_id|deals|orders.rep_id'] %}
        {% set channel = [
            'deals.channel?|leads.channel', 'deals.channel?|deals.lead_id',
            'deals|orders.channel|sessions.channel', 'deals|orders.channel|orders.session_id',
        ] %}
    {% endif %}
    {% do return({'rep': rep, 'team': rep, 'channel': channel}) %}
{% endmacro %}
