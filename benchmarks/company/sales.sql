-- Leads, deals and their history, and what reps do for them.

create view leads as
select
    'L' || i as lead_id,
    moment(i, 'lead') as created_at,
    channel(i) as channel,
    'Campaign ' || pick(i, 'campaign', 40) as campaign,
    ['marketing', 'sales', 'partner'][1 + pick(i, 'origin', 3)] as origin,
    pick(i, 'provided', 2) = 0 as is_provided,
    'R' || pick(i, 'lead rep', getvariable('reps')) as rep_id,
    case when pick(i, 'generated', 3) = 0 then 'R' || pick(i, 'generator', getvariable('reps')) end as generated_by_rep_id,
    case when pick(i, 'visitor', 2) = 0 then 'V' || pick(i, 'visits', getvariable('visitors')) end as visitor_id,
    'A' || pick(i, 'lead account', getvariable('accounts')) as account_id,
    pick(i, 'score', 100) as score,
    case when pick(i, 'mql', 10) < 6 then later(moment(i, 'lead'), i, 'mql', 10) end as mql_at,
    case when pick(i, 'qualified', 10) < 4 then later(moment(i, 'lead'), i, 'qualified', 20) end as qualified_at,
    case when pick(i, 'qualified', 10) = 9 then later(moment(i, 'lead'), i, 'disqualified', 20) end as disqualified_at
from range(getvariable('leads')) as t(i);

-- Each deal makes 4 to 8 changes of stage, a few of them backwards, and ends with the last of them unless that lies
-- beyond the data's end.
create view deal_plans as
select
    i,
    moment(i, 'deal') as created_at,
    4 + pick(i, 'changes', 5) as changes,
    pick(i, 'won', 100) < 35 as is_won,
    1 + pick(i, 'pace', 14) as days_between,
    moment(i, 'deal') + to_seconds((3 + pick(i, 'changes', 5)) * (1 + pick(i, 'pace', 14)) * 86400) as ended_at
from range(getvariable('deals')) as t(i);

create view deal_steps as
select
    i,
    k,
    created_at + to_seconds(k * days_between * 86400) as entered_at,
    case
        when k = changes - 1 then case when is_won then 'Won' else 'Lost' end
        else ['Qualification', 'Discovery', 'Proposal', 'Negotiation', 'Contract'][
            least(5, 1 + k - case when pick(i * 10 + k, 'back', 12) = 0 and k > 0 then 1 else 0 end)
        ]
    end as stage
from deal_plans
cross join range(8) as steps(k)
where k < changes;

create view deals as
select
    'D' || i as deal_id,
    plans.created_at,
    ['New business', 'Renewals'][1 + pick(i, 'pipeline', 5) // 4] as pipeline,
    case
        when plans.ended_at < getvariable('data_end') then case when is_won then 'Won' else 'Lost' end
        else ['Qualification', 'Discovery', 'Proposal', 'Negotiation', 'Contract'][
            1 + least(4, date_diff('second', plans.created_at, getvariable('data_end')) // (days_between * 86400))
        ]
    end as stage,
    case when plans.ended_at < getvariable('data_end') then case when is_won then 'won' else 'lost' end else 'open' end
        as outcome,
    'R' || pick(i, 'deal rep', getvariable('reps')) as rep_id,
    'A' || pick(i, 'deal account', getvariable('accounts')) as account_id,
    case when pick(i, 'deal lead', 2) = 0 then 'L' || pick(i, 'lead of', getvariable('leads')) end as lead_id,
    'P' || pick(i, 'deal product', 30) as product_id,
    channel(i) as channel,
    'Campaign ' || pick(i, 'deal campaign', 40) as campaign,
    ['new', 'repeat', 'renewal', 'upsell'][1 + pick(i, 'kind', 4)] as kind,
    (500 + pick(i, 'amount', 2000000) / 100.0)::decimal(18, 2) as amount,
    currency(i) as currency,
    (plans.created_at + to_days(60))::date as expected_close_on,
    case when plans.ended_at < getvariable('data_end') then plans.ended_at end as closed_at,
    case when plans.ended_at < getvariable('data_end') and not is_won then ['price', 'timing', 'rival'][1 + pick(i, 'why', 3)] end
        as lost_reason,
    case when pick(i, 'note', 3) = 0 then 'Rationale ' || i end as rationale_note
from deal_plans as plans
where plans.created_at < getvariable('data_end');

create view deal_stage_changes as
select
    'D' || i as deal_id,
    stage,
    entered_at
from deal_steps
where entered_at < getvariable('data_end');

create view activities as
select
    'Y' || i as activity_id,
    ['call', 'email', 'meeting', 'note', 'task'][1 + pick(i, 'activity', 5)] as kind,
    ['outbound', 'inbound'][1 + pick(i, 'direction', 4) // 3] as direction,
    moment(i, 'activity') as occurred_at,
    'R' || pick(i, 'activity rep', getvariable('reps')) as rep_id,
    case when pick(i, 'on', 3) = 0 then 'L' || pick(i, 'activity lead', getvariable('leads')) end as lead_id,
    case when pick(i, 'on', 3) = 1 then 'D' || pick(i, 'activity deal', getvariable('deals')) end as deal_id,
    case when pick(i, 'on', 3) = 2 then 'A' || pick(i, 'activity account', getvariable('accounts')) end as account_id
from range(getvariable('activities')) as t(i);

create view emails as
select
    'E' || i as email_id,
    moment(i, 'email') as sent_at,
    ['outreach', 'newsletter', 'follow_up'][1 + pick(i, 'email', 3)] as email_type,
    'Campaign ' || pick(i, 'email campaign', 40) as campaign,
    'R' || pick(i, 'email rep', getvariable('reps')) as rep_id,
    'L' || pick(i, 'email lead', getvariable('leads')) as lead_id,
    case when pick(i, 'bounce', 40) > 0 then moment(i, 'email') + to_seconds(60) end as delivered_at,
    case when pick(i, 'bounce', 40) = 0 then moment(i, 'email') + to_seconds(90) end as bounced_at,
    case when pick(i, 'opened', 10) < 4 then later(moment(i, 'email'), i, 'open', 3) end as first_opened_at,
    case when pick(i, 'opened', 10) < 1 then later(moment(i, 'email'), i, 'click', 3) end as first_clicked_at,
    case when pick(i, 'replied', 10) < 1 then later(moment(i, 'email'), i, 'reply', 5) end as replied_at
from range(getvariable('emails')) as t(i);

create view calls as
select
    'C' || i as call_id,
    moment(i, 'call') as started_at,
    'R' || pick(i, 'call rep', getvariable('reps')) as rep_id,
    'L' || pick(i, 'call lead', getvariable('leads')) as lead_id,
    case when pick(i, 'call on', 2) = 0 then 'D' || pick(i, 'call deal', getvariable('deals')) end as deal_id,
    ['outbound', 'inbound'][1 + pick(i, 'call way', 3) // 2] as direction,
    case when pick(i, 'close', 10) < 3 then 'closed' else 'not_closed' end as outcome,
    case when pick(i, 'close', 10) >= 3 then pick(i, 'winnable', 2) = 0 end as is_winnable,
    30 + pick(i, 'length', 1800) as duration_seconds
from range(getvariable('calls')) as t(i);

create view meetings as
select
    'M' || i as meeting_id,
    moment(i, 'meeting') as scheduled_for,
    moment(i, 'meeting') - to_days((1 + pick(i, 'booked', 20))::integer) as booked_at,
    ['discovery', 'demo', 'follow_up'][1 + pick(i, 'meeting', 3)] as kind,
    case when pick(i, 'held', 10) < 6 then 'held' when pick(i, 'held', 10) < 8 then 'no_show' else 'cancelled' end as status,
    'R' || pick(i, 'meeting rep', getvariable('reps')) as rep_id,
    'L' || pick(i, 'meeting lead', getvariable('leads')) as lead_id,
    'A' || pick(i, 'meeting account', getvariable('accounts')) as account_id,
    case when pick(i, 'meeting on', 2) = 0 then 'D' || pick(i, 'meeting deal', getvariable('deals')) end as deal_id
from range(getvariable('meetings')) as t(i);

create view quotes as
select
    'Q' || i as quote_id,
    moment(i, 'quote') as sent_at,
    'D' || pick(i, 'quote deal', getvariable('deals')) as deal_id,
    'R' || pick(i, 'quote rep', getvariable('reps')) as rep_id,
    'P' || pick(i, 'quote product', 30) as product_id,
    (500 + pick(i, 'quoted', 2000000) / 100.0)::decimal(18, 2) as amount,
    currency(i) as currency,
    ['open', 'accepted', 'rejected', 'expired'][1 + pick(i, 'decision', 4)] as status,
    case when pick(i, 'decision', 4) > 0 then later(moment(i, 'quote'), i, 'decided', 30) end as decided_at
from range(getvariable('quotes')) as t(i);
