-- One row per deal, with its state as of as_of and the names that slices show. Where it names no channel or campaign,
-- its lead's hold. amount is in the reporting currency, at the rate of the closing day, or of the creation day while
-- the deal is open. open_amount is what the deal is worth, or was, in an open pipeline: its amount, else its product's
-- list price, else nothing, at the rate of the creation day; so a past pipeline stays what it was when its deals close.
with deals as (
    select * from {{ kept('deals') }} as deals
),

states as (
    select * from {{ ref('int_deal_states') }}
),

reps as (
    select * from {{ ref('dim_reps') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

stages as (
    select * from {{ ref('dim_stages') }}
),

leads as (
    select * from {{ kept('leads') }} as leads
),

delivered as (
    select * from {{ ref('int_delivered_entities') }}
),

pipelines as (
    select count(*) > 1 as are_several from {{ ref('int_pipelines') }}
),

dated as (
    select
        deals.*,
        states.state,
        states.pipeline as shown_pipeline,
        states.has_history,
        states.history_stage,
        states.lost_from_stage,
        states.was_qualified,
        states.effective_closed_at,
        states.state <> 'hidden' as is_visible,
        {{ local_date('deals.created_at') }} as created_on,
        {{ local_date('states.effective_closed_at') }} as closed_on
    from deals
    inner join states
        on deals.source_system = states.source_system
        and deals.deal_id = states.deal_id
),

priced as (
    select
        dated.*,
        case
            when dated.state in ('won', 'lost', 'open') then {{ converted(
                'dated.amount', 'dated.currency', 'deal_rates', "coalesce(dated.closed_on, dated.created_on)"
            ) }}
        end as converted_amount,
        case
            when dated.amount is not null and dated.state in ('won', 'lost', 'open') then {{ converted(
                'dated.amount', 'dated.currency', 'creation_rates', 'dated.created_on'
            ) }}
            when dated.state in ('won', 'lost', 'open') then {{ converted(
                'products.list_price', 'products.currency', 'list_rates', 'dated.created_on'
            ) }}
        end as converted_open_amount,
        products.product
    from dated
    left join products
        on dated.source_system = products.source_system
        and dated.product_id = products.product_id
    {{ joined_rate('deal_rates', 'dated.currency', 'coalesce(dated.closed_on, dated.created_on)') }}
    {{ joined_rate('creation_rates', 'dated.currency', 'dated.created_on') }}
    {{ joined_rate('list_rates', 'products.currency', 'dated.created_on') }}
)

select
    priced.source_system,
    priced.deal_id,
    priced.created_at,
    priced.created_on,
    priced.effective_closed_at as closed_at,
    {{ to_local('priced.effective_closed_at') }} as closed_local_at,
    priced.closed_on,
    priced.is_visible,
    priced.state,
    priced.shown_pipeline as pipeline,
    case
        when priced.has_history then priced.history_stage
        else {{ stage_label('priced.stage', 'priced.shown_pipeline') }}
    end as stage,
    priced.lost_from_stage,
    case
        when priced.has_history then priced.was_qualified
        when stages.outcome = 'open' and stages.is_qualified
            then coalesce(priced.created_at <= priced.effective_closed_at, false)
        else false
    end as was_qualified,
    {{ owner_labels('priced') }},
    {{ label_of_attribute('priced.rep_id', 'reps.region', 'reps.rep_id') }} as region,
    priced.account_id,
    {{ label_of_key('priced.account_id', 'accounts.account', 'delivered.has_accounts') }} as account,
    {{ label_of_attribute('priced.account_id', 'accounts.segment', 'accounts.account_id') }} as segment,
    priced.product_id,
    {{ label_of_key('priced.product_id', 'priced.product', 'delivered.has_products') }} as product,
    priced.lead_id,
    {{ own_or_linked('priced.channel', 'priced.lead_id', 'leads.channel', 'leads.lead_id') }} as channel,
    {{ own_or_linked('priced.campaign', 'priced.lead_id', 'leads.campaign', 'leads.lead_id') }} as campaign,
    priced.kind,
    coalesce(priced.lost_reason, '(none)') as lost_reason,
    priced.converted_amount as amount,
    coalesce(priced.converted_open_amount, 0) as open_amount,
    case
        when priced.closed_on is not null then {{ days_between('priced.created_on', 'priced.closed_on') }}
    end as days_to_close,
    case
        when priced.state = 'won' and priced.account_id is not null then cast(row_number() over (
                partition by priced.source_system, priced.account_id, priced.state
                order by priced.effective_closed_at, priced.deal_id
            ) as bigint)
    end as win_number,
    priced.expected_close_on,
    priced.rationale_note
from priced
left join reps
    on priced.source_system = reps.source_system
    and priced.rep_id = reps.rep_id
left join accounts
    on priced.source_system = accounts.source_system
    and priced.account_id = accounts.account_id
left join stages
    on priced.source_system = stages.source_system
    and priced.shown_pipeline = stages.pipeline
    and priced.stage = stages.stage_name
left join leads
    on priced.source_system = leads.source_system
    and priced.lead_id = leads.lead_id
left join delivered
    on priced.source_system = delivered.source_system
cross join pipelines
