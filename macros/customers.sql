{#- Who is a customer when: the two lifecycles, and what follows from them. -#}

{#- Whether subscriptions make a customer; else purchases do. -#}
{% macro customers_subscribe() %}{% do return(setting('customer_lifecycle') == 'subscriptions') %}{% endmacro %}


{#- The entity or columns without which nobody is known to be a customer. -#}
{% macro needs_of_customers() %}
    {% do return('subscriptions' if customers_subscribe() else 'deals.account_id|orders.account_id') %}
{% endmacro %}
