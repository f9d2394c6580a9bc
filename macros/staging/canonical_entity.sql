{#- What a source system delivers for an entity: its key, its columns with their types, and its links: the columns that hold
    the key of another entity. The one place in the project that says so; staging, dedup and checks all read it. -#}
{% macro canonical_entity(entity) %}
    {% set entities = {
        'reps': {
            'key': ['rep_id'],
            'required': {'rep_id': 'text', 'rep_name': 'text'},
            'optional': {'team': 'text', 'manager_id': 'text', 'region': 'text',
                         'hired_on': 'date', 'left_on': 'date'},
            'links': {'manager_id': 'reps'},
        },
        'accounts': {
            'key': ['account_id'],
            'required': {'account_id': 'text'},
            'optional': {'account_name': 'text', 'segment': 'text', 'industry': 'text',
                         'country': 'text', 'region': 'text', 'owner_rep_id': 'text',
                         'created_at': 'timestamp'},
            'links': {'owner_rep_id': 'reps'},
        },
        'products': {
            'key': ['product_id'],
            'required': {'product_id': 'text', 'product_name': 'text'},
            'optional': {'product_line': 'text', 'predecessor_product_id': 'text',
                         'launched_on': 'date', 'list_price': 'amount', 'unit_cost': 'amount',
                         'currency': 'text'},
            'links': {'predecessor_product_id': 'products'},
        },
        'stages': {
            'key': ['pipeline', 'stage'],
            'required': {'pipeline': 'text', 'stage': 'text', 'position': 'integer',
                         'outcome': 'text', 'is_qualified': 'boolean'},
            'optional': {'probability': 'probability'},
            'accepted': {'outcome': ['open', 'won', 'lost']},
        },
        'deals': {
            'key': ['deal_id'],
            'required': {'deal_id': 'text', 'created_at': 'timestamp', 'stage': 'text',
                         'outcome': 'text'},
            'optional': {'pipeline': 'text', 'rep_id': 'text', 'account_id': 'text',
                         'lead_id': 'text', 'product_id': 'text', 'channel': 'text',
                         'campaign': 'text', 'kind': 'text', 'amount': 'amount',
                         'currency': 'text', 'expected_close_on': 'date',
                         'closed_at': 'timestamp', 'lost_reason': 'text',
                         'rationale_note': 'text'},
            'accepted': {'outcome': ['open', 'won', 'lost'],
                         'kind': ['new', 'repeat', 'renewal', 'upsell']},
            'links': {'rep_id': 'reps', 'account_id': 'accounts',
                      'lead_id': 'leads', 'product_id': 'products'},
        },
        'deal_stage_changes': {
            'key': ['deal_id', 'stage', 'entered_at'],
            'required': {'deal_id': 'text', 'stage': 'text', 'entered_at': 'timestamp'},
            'optional': {},
            'links': {'deal_id': 'deals'},
        },
        'leads': {
            'key': ['lead_id'],
            'required': {'lead_id': 'text', 'created_at': 'timestamp'},
            'optional': {'channel': 'text', 'campaign': 'text', 'origin': 'text',
                         'is_provided': 'boolean', 'rep_id': 'text', 'generated_by_rep_id': 'text',
                         'visitor_id': 'text', 'account_id': 'text', 'score': 'rate',
                         'mql_at': 'timestamp', 'qualified_at': 'timestamp',
                         'disqualified_at': 'timestamp'},
            'accepted': {'origin': ['marketing', 'sales', 'partner']},
            'links': {'rep_id': 'reps', 'generated_by_rep_id': 'reps', 'account_id': 'accounts'},
        },
        'activities': {
            'key': ['activity_id'],
            'required': {'activity_id': 'text', 'kind': 'text', 'occurred_at': 'timestamp'},
            'optional': {'direction': 'text', 'rep_id': 'text', 'lead_id': 'text',
                         'deal_id': 'text', 'account_id': 'text'},
            'accepted': {'kind': ['call', 'email', 'meeting', 'note', 'task'],
                         'direction': ['outbound', 'inbound']},
            'links': {'rep_id': 'reps', 'lead_id': 'leads',
                      'deal_id': 'deals', 'account_id': 'accounts'},
        },
        'emails': {
            'key': ['email_id'],
            'required': {'email_id': 'text', 'sent_at': 'timestamp'},
            'optional': {'email_type': 'text', 'campaign': 'text', 'rep_id': 'text',
                         'lead_id': 'text', 'delivered_at': 'timestamp', 'bounced_at': 'timestamp',
                         'first_opened_at': 'timestamp', 'first_clicked_at': 'timestamp',
                         'replied_at': 'timestamp'},
            'links': {'rep_id': 'reps', 'lead_id': 'leads'},
        },
        'calls': {
            'key': ['call_id'],
            'required': {'call_id': 'text', 'started_at': 'timestamp', 'outcome': 'text'},
            'optional': {'rep_id': 'text', 'lead_id': 'text', 'deal_id': 'text',
                         'direction': 'text', 'is_winnable': 'boolean',
                         'duration_seconds': 'integer'},
            'accepted': {'outcome': ['closed', 'not_closed'], 'direction': ['outbound', 'inbound']},
            'links': {'rep_id': 'reps', 'lead_id': 'leads', 'deal_id': 'deals'},
        },
        'meetings': {
            'key': ['meeting_id'],
            'required': {'meeting_id': 'text', 'scheduled_for': 'timestamp', 'status': 'text'},
            'optional': {'booked_at': 'timestamp', 'kind': 'text', 'rep_id': 'text',
                         'lead_id': 'text', 'account_id': 'text', 'deal_id': 'text'},
            'accepted': {'status': ['scheduled', 'held', 'no_show', 'cancelled'],
                         'kind': ['discovery', 'demo', 'follow_up']},
            'links': {'rep_id': 'reps', 'lead_id': 'leads',
                      'account_id': 'accounts', 'deal_id': 'deals'},
        },
        'quotes': {
            'key': ['quote_id'],
            'required': {'quote_id': 'text', 'sent_at': 'timestamp', 'status': 'text'},
            'optional': {'deal_id': 'text', 'rep_id': 'text', 'product_id': 'text',
                         'amount': 'amount', 'currency': 'text', 'decided_at': 'timestamp'},
            'accepted': {'status': ['open', 'accepted', 'rejected', 'expired']},
            'links': {'deal_id': 'deals', 'rep_id': 'reps', 'product_id': 'products'},
        },
        'sessions': {
            'key': ['session_id'],
            'required': {'session_id': 'text', 'visitor_id': 'text', 'started_at': 'timestamp'},
            'optional': {'channel': 'text', 'source': 'text', 'medium': 'text', 'campaign': 'text',
                         'landing_page': 'text'},
        },
        'pixel_events': {
            'key': ['event_id'],
            'required': {'event_id': 'text', 'event_name': 'text', 'occurred_at': 'timestamp'},
            'optional': {'session_id': 'text', 'visitor_id': 'text', 'channel': 'text',
                         'campaign': 'text', 'value': 'amount', 'currency': 'text'},
            'links': {'session_id': 'sessions'},
        },
        'ad_spend': {
            'key': ['spend_id'],
            'required': {'spend_id': 'text', 'spent_on': 'date', 'platform': 'text',
                         'cost': 'amount'},
            'optional': {'channel': 'text', 'campaign': 'text', 'impressions': 'integer',
                         'clicks': 'integer', 'currency': 'text'},
        },
        'orders': {
            'key': ['order_id'],
            'required': {'order_id': 'text', 'ordered_at': 'timestamp'},
            'optional': {'account_id': 'text', 'deal_id': 'text', 'session_id': 'text',
                         'rep_id': 'text', 'channel': 'text', 'campaign': 'text', 'currency': 'text'},
            'links': {'account_id': 'accounts', 'deal_id': 'deals',
                      'session_id': 'sessions', 'rep_id': 'reps'},
        },
        'order_lines': {
            'key': ['order_line_id'],
            'required': {'order_line_id': 'text', 'order_id': 'text', 'quantity': 'amount',
                         'unit_price': 'amount'},
            'optional': {'product_id': 'text', 'unit_cost': 'amount', 'discount': 'amount',
                         'refunded_amount': 'amount', 'refunded_at': 'timestamp'},
            'links': {'order_id': 'orders', 'product_id': 'products'},
        },
        'subscriptions': {
            'key': ['subscription_id'],
            'required': {'subscription_id': 'text', 'account_id': 'text', 'started_on': 'date',
                         'mrr': 'amount'},
            'optional': {'ended_on': 'date', 'rep_id': 'text', 'product_id': 'text',
                         'currency': 'text', 'kind': 'text'},
            'accepted': {'kind': ['new', 'renewal', 'upsell', 'downgrade', 'reactivation']},
            'links': {'account_id': 'accounts', 'rep_id': 'reps', 'product_id': 'products'},
        },
        'acquisition_costs': {
            'key': ['cost_id'],
            'required': {'cost_id': 'text', 'incurred_on': 'date', 'amount': 'amount'},
            'optional': {'channel': 'text', 'kind': 'text', 'currency': 'text'},
            'accepted': {'kind': ['marketing', 'sales']},
        },
        'competitor_prices': {
            'key': ['product_id', 'competitor', 'observed_on'],
            'required': {'product_id': 'text', 'competitor': 'text', 'observed_on': 'date',
                         'price': 'amount'},
            'optional': {'currency': 'text'},
            'links': {'product_id': 'products'},
        },
        'brand_mentions': {
            'key': ['mention_id'],
            'required': {'mention_id': 'text', 'mentioned_at': 'timestamp'},
            'optional': {'platform': 'text', 'sentiment': 'text', 'reach': 'integer', 'url': 'text'},
            'accepted': {'sentiment': ['positive', 'neutral', 'negative']},
        },
        'quotas': {
            'key': ['rep_id', 'team', 'month', 'kind'],
            'required': {'month': 'month', 'kind': 'text', 'target': 'amount'},
            'optional': {'rep_id': 'text', 'team': 'text', 'currency': 'text'},
            'accepted': {'kind': ['revenue', 'leads']},
            'exactly_one_of': ['rep_id', 'team'],
            'links': {'rep_id': 'reps'},
        },
        'exchange_rates': {
            'key': ['currency', 'valid_from'],
            'required': {'currency': 'text', 'valid_from': 'date', 'rate': 'rate'},
            'optional': {},
        },
    } %}
    {% if entity not in entities %}
        {% do exceptions.raise_compiler_error(
            "Unknown canonical entity '" ~ entity ~ "'. Known: " ~ entities.keys() | join(', ')
        ) %}
    {% endif %}
    {% do return(entities[entity]) %}
{% endmacro %}


{#- Every canonical column of an entity with its type, required ones first. -#}
{% macro canonical_columns(entity) %}
    {% set spec = canonical_entity(entity) %}
    {% set columns = {} %}
    {% do columns.update(spec['required']) %}
    {% do columns.update(spec['optional']) %}
    {% do return(columns) %}
{% endmacro %}


{#- The SQL type that a canonical type is stored as. -#}
{% macro canonical_sql_type(type) %}
    {% do return({
        'text': dbt.type_string(),
        'timestamp': 'timestamp',
        'date': 'date',
        'month': 'date',
        'integer': 'bigint',
        'boolean': 'boolean',
        'amount': 'decimal(20, 4)',
        'rate': 'decimal(20, 10)',
        'probability': 'decimal(7, 6)',
    }[type]) %}
{% endmacro %}


{#- How many digits a canonical type of decimals keeps: {before, after} the point; none for another type. -#}
{% macro kept_digits(type) %}
    {% set stored = canonical_sql_type(type) %}
    {% if not stored.startswith('decimal') %}{% do return(none) %}{% endif %}
    {% set width, after = stored[8:-1].split(',') %}
    {% do return({'before': (width | int) - (after | int), 'after': after | int}) %}
{% endmacro %}


{#- The source systems in use that have a staging model for an entity, in the order of the var. -#}
{% macro systems_with(entity) %}
    {% set systems = [] %}
    {% for system in setting('source_systems') %}
        {% if entity in var('source_system_entities').get(system, []) %}
            {% do systems.append(system) %}
        {% endif %}
    {% endfor %}
    {% do return(systems) %}
{% endmacro %}


{#- The canonical entities that any source system has a staging model for, each once. -#}
{% macro used_entities() %}
    {% set entities = [] %}
    {% for listed in var('source_system_entities').values() %}
        {% for entity in listed if entity not in entities %}{% do entities.append(entity) %}{% endfor %}
    {% endfor %}
    {% do return(entities) %}
{% endmacro %}


{#- The mart that holds an entity's usable rows, one to one. -#}
{% macro mart_of(entity) %}
    {% do return({
        'reps': 'dim_reps',
        'accounts': 'dim_accounts',
        'products': 'dim_products',
        'stages': 'dim_stages',
        'deals': 'fct_deals',
        'deal_stage_changes': 'fct_deal_stage_changes',
        'leads': 'fct_leads',
        'activities': 'fct_activities',
        'emails': 'fct_emails',
        'calls': 'fct_calls',
        'meetings': 'fct_meetings',
        'quotes': 'fct_quotes',
        'sessions': 'fct_sessions',
        'pixel_events': 'fct_pixel_events',
        'ad_spend': 'fct_ad_spend',
        'orders': 'fct_orders',
        'order_lines': 'fct_order_lines',
        'subscriptions': 'fct_subscriptions',
        'acquisition_costs': 'fct_acquisition_costs',
        'competitor_prices': 'fct_competitor_prices',
        'brand_mentions': 'fct_brand_mentions',
        'quotas': 'fct_quotas',
        'exchange_rates': 'dim_exchange_rates',
    }[entity]) %}
{% endmacro %}
