{#- After a build: keeps the compiled SQL of every model that was built, in the table compiled_models, for lineage and for
    people to read. Those that were not part of the build stay as they are. -#}
{% macro keep_compiled_models(results) %}
    {% if execute and flags.WHICH in ['run', 'build'] %}
        {% set compiled = api.Relation.create(
            database=target_database(), schema=target.schema, identifier='compiled_models', type='table'
        ) %}
        {% set models = [] %}
        {% for result in results if result.node.resource_type == 'model' and result.node.compiled_code %}
            {% do models.append(result.node) %}
        {% endfor %}
        {% set columns = {
            'model_name': dbt.type_string(), 'schema_name': dbt.type_string(), 'compiled_sql': dbt.type_string(),
        } %}
        {% do run_query(keyed_table(compiled, columns, 'model_name')) %}
        {% if models %}
            {% do take_out(compiled, 'model_name', models | map(attribute='name') | list) %}
            {% set written = [] %}
            {% for node in models %}
                {% do written.append(
                    '(' ~ text_literal(node.name) ~ ', ' ~ text_literal(node.schema) ~ ', '
                    ~ text_literal(node.compiled_code) ~ ')'
                ) %}
            {% endfor %}
            {% do run_query(put_into(compiled, columns.keys()) ~ ' values ' ~ written | join(', ')) %}
        {% endif %}
    {% endif %}
{% endmacro %}
