{#- What a source system delivers for an entity: its key and its columns with their types.
    The one place in the project that says so; staging, dedup and checks all read it. -#}
{% macro canonical_entity(entity) %}
    {% set entities = {
        'reps': {
            'key': ['rep_id'],
            'required': {'rep_id': 'text', 'rep_name': 'text'},
            'optional': {'team': 'text', 'manager_id': 'text', 'region': 'text',
                         'hired_on': 'date', 'left_on': 'date'},
        },
        'accounts': {
            'key': ['account_id'],
            'required': {'account_id': 'text'},
            'optional': {'account_name': 'text', 'segment': 'text', 'industry': 'text',
                         'country': 'text', 'region': 'text', 'owner_rep_id': 'text',
                         'created_at': 'timestamp'},
        },
        'products': {
            'key': ['product_id'],
            'required': {'product_id': 'text', 'product_name': 'text'},
            'optional': {'product_line': 'text', 'predecessor_product_id': 'text',
                         'launched_on': 'date', 'list_price': 'amount', 'unit_cost': 'amount',
                         'currency': 'text'},
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
        },
        'deal_stage_changes': {
            'key': ['deal_id', 'stage', 'entered_at'],
            'required': {'deal_id': 'text', 'stage': 'text', 'entered_at': 'timestamp'},
            'optional': {},
        },
        'quotas': {
            'key': ['rep_id', 'team', 'month', 'kind'],
            'required': {'month': 'month', 'kind': 'text', 'target': 'amount'},
            'optional': {'rep_id': 'text', 'team': 'text', 'currency': 'text'},
            'accepted': {'kind': ['revenue', 'leads']},
            'exactly_one_of': ['rep_id', 'team'],
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
    {% for system in var('source_systems') %}
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
        'quotas': 'fct_quotas',
        'exchange_rates': 'dim_exchange_rates',
    }[entity]) %}
{% endmacro %}
