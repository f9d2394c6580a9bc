-- One row per spend on advertisements. cost is in the reporting currency, at the day's rate.
with ad_spend as (
    select
        *,
        spent_on <= {{ as_of_date() }} as is_visible
    from {{ kept('ad_spend') }} as ad_spend
)

select
    ad_spend.source_system,
    ad_spend.spend_id,
    ad_spend.spent_on,
    ad_spend.is_visible,
    ad_spend.platform,
    coalesce(ad_spend.channel, '(none)') as channel,
    coalesce(ad_spend.campaign, '(none)') as campaign,
    ad_spend.impressions,
    ad_spend.clicks,
    case
        when ad_spend.is_visible
            then {{ converted('ad_spend.cost', 'ad_spend.currency', 'rates', 'ad_spend.spent_on') }}
    end as cost
from ad_spend
{{ joined_rate('rates', 'ad_spend.currency', 'ad_spend.spent_on') }}
