-- One row per subscription that ran: from its first day to the first on which it no longer did, known as of as_of. One
-- that is followed within renewal_gap_days by another of its account runs on through the gap.
with subscriptions as (
    select *
    from {{ ref('fct_subscriptions') }}
    where is_visible and (ended_on is null or ended_on > started_on)
),

followed as (
    select
        ended.source_system,
        ended.subscription_id,
        min(following.started_on) as followed_on
    from subscriptions as ended
    inner join subscriptions as following
        on ended.source_system = following.source_system
        and ended.account_id = following.account_id
        and ended.subscription_id <> following.subscription_id
    where
        following.started_on >= ended.ended_on
        and following.started_on <= {{ shifted_days('ended.ended_on', setting('renewal_gap_days') | int) }}
    group by ended.source_system, ended.subscription_id
)

select
    subscriptions.source_system,
    subscriptions.subscription_id,
    subscriptions.account_id,
    subscriptions.started_on as runs_from_on,
    coalesce(followed.followed_on, subscriptions.ended_on) as runs_to_on,
    subscriptions.own_mrr,
    subscriptions.currency,
    subscriptions.mrr
from subscriptions
left join followed
    on subscriptions.source_system = followed.source_system
    and subscriptions.subscription_id = followed.subscription_id
