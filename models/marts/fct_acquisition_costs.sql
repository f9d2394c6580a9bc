-- One row per cost of winning customers that no advertisement's row holds. amount is in the reporting currency, at the
-- day's rate.
with costs as (
    select
        *,
        incurred_on <= {{ as_of_date() }} as is_visible
    from {{ kept('acquisition_costs') }} as acquisition_costs
)

select
    costs.source_system,
    costs.cost_id,
    costs.incurred_on,
    costs.is_visible,
    coalesce(costs.channel, '(none)') as channel,
    costs.kind,
    case
        when costs.is_visible then {{ converted('costs.amount', 'costs.currency', 'rates', 'costs.incurred_on') }}
    end as amount
from costs
{{ joined_rate('rates', 'costs.currency', 'costs.incurred_on') }}
