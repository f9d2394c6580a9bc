{#- What people read of a deal's stage: `stage` from int_stages under the alias `stages`, (unknown) where the
    stage is not among the delivered ones, and its own name where none are delivered. `delivered` is the alias of
    int_delivered_entities, `pipelines` of a row with are_several. -#}
{% macro stage_label(name, pipeline, stages='stages', delivered='delivered', pipelines='pipelines') -%}
    case
        when {{ stages }}.stage is not null then {{ stages }}.stage
        when {{ delivered }}.has_stages then '(unknown)'
        when {{ pipelines }}.are_several then {{ stage_of_pipeline(pipeline, name) }}
        else {{ name }}
    end
{%- endmacro %}


{#- A stage as people read it where there are several pipelines. A slash in a pipeline's name is written \/, so that no two
    stages read the same. -#}
{% macro stage_of_pipeline(pipeline, name) -%}
    replace(replace({{ pipeline }}, chr(92), chr(92) || chr(92)), '/', chr(92) || '/') || '/' || {{ name }}
{%- endmacro %}
