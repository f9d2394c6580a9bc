{#- What a build checks of seeds/goals.csv before it makes anything: a KPI that there is not would be missing from its
    goal without a word. -#}

{% macro check_goals() %}{% do check_own_seed('goals', goal_faults, goal_keys) %}{% endmacro %}


{#- What no two rows of goals may share: see check_own_seed(). -#}
{% macro goal_keys(row) %}
    {% do return([
        ('position', 'the same place', row.position),
        ('kpi_id', 'the same KPI and goal', (row.goal, row.kpi_id)),
    ]) %}
{% endmacro %}


{#- What is wrong with a KPI of a goal (column → text), as pairs of a column and what its value is or lacks. -#}
{% macro goal_faults(row) %}
    {% set faults = [] %}
    {% if not row.goal.strip() %}{% do faults.append(('goal', 'is no name of a goal.')) %}{% endif %}
    {% if not modules.re.match('^[0-9]{1,9}$', row.position) %}
        {% do faults.append(('position', 'is not a whole number.')) %}
    {% endif %}
    {% if row.kpi_id not in kpi_nodes() | map(attribute='name') | list %}
        {% do faults.append(('kpi_id', no_kpi_fault())) %}
    {% endif %}
    {% do return(faults) %}
{% endmacro %}
