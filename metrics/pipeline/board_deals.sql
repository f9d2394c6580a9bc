-- One row per interval in which a deal was open in a qualified stage, for the board at the period's end; and one per
-- deal closed that had been in a qualified stage before.
{% call kpi(
    measures={
        'board_deals': {'count': 'on_board'},
        'with_rationale_share': {'ratio': ['with_rationale', 'on_board']},
        'qualified_to_customer_rate': {'ratio': ['won', 'closed'], 'dimensions': ['rep', 'team']},
    },
    dimensions=['rep', 'team', 'stage'],
    row_kinds=['event', 'state'],
) %}
    select
        source_system,
        deal_id,
        cast(null as date) as event_on,
        cast(null as timestamp) as known_at,
        valid_from_at,
        valid_to_at,
        valid_from_on,
        valid_to_on,
        rep,
        team,
        stage,
        1 as on_board,
        case when has_rationale then 1 else 0 end as with_rationale,
        null as closed,
        null as won
    from {{ ref('fct_open_deal_intervals') }}
    where is_qualified
    union all
    select
        source_system,
        deal_id,
        closed_on as event_on,
        closed_at as known_at,
        null as valid_from_at,
        null as valid_to_at,
        null as valid_from_on,
        null as valid_to_on,
        rep,
        team,
        null as stage,
        null as on_board,
        null as with_rationale,
        1 as closed,
        case when state = 'won' then 1 else 0 end as won
    from {{ ref('fct_deals') }}
    where state in ('won', 'lost') and was_qualified
{% endcall %}
