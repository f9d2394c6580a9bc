-- The web shop, what was spent to bring people there, subscriptions, and what others say and ask.

create view sessions as
select
    'S' || i as session_id,
    'V' || pick(i, 'session visitor', getvariable('visitors')) as visitor_id,
    moment(i, 'session') as started_at,
    channel(i) as channel,
    ['google', 'bing', 'direct', 'news'][1 + pick(i, 'source', 4)] as source,
    ['cpc', 'organic', 'email', 'none'][1 + pick(i, 'medium', 4)] as medium,
    'Campaign ' || pick(i, 'session campaign', 40) as campaign,
    '/page/' || pick(i, 'page', 200) as landing_page
from range(getvariable('sessions')) as t(i);

create view pixel_events as
select
    'X' || i as event_id,
    ['ViewContent', 'ViewContent', 'AddToCart', 'InitiateCheckout', 'Purchase'][1 + pick(i, 'event', 5)] as event_name,
    moment(i, 'event') as occurred_at,
    'S' || pick(i, 'event session', getvariable('sessions')) as session_id,
    'V' || pick(i, 'event visitor', getvariable('visitors')) as visitor_id,
    channel(i) as channel,
    'Campaign ' || pick(i, 'event campaign', 40) as campaign,
    case when pick(i, 'event', 5) = 4 then (10 + pick(i, 'event value', 30000) / 100.0)::decimal(18, 2) end as value,
    case when pick(i, 'event', 5) = 4 then currency(i) end as currency
from range(getvariable('events')) as t(i);

-- Spend comes by day, platform and campaign: it grows with neither deals nor sessions.
create view ad_spend as
select
    'W' || d || '-' || p || '-' || c as spend_id,
    date '2023-01-01' + d::integer as spent_on,
    ['google', 'meta', 'linkedin'][1 + p] as platform,
    channel(p * 7 + c) as channel,
    'Campaign ' || c as campaign,
    1000 + pick(d * 100 + c, 'shown', 9000) as impressions,
    20 + pick(d * 100 + c, 'clicked', 200) as clicks,
    (10 + pick(d * 100 + c, 'cost', 20000) / 100.0)::decimal(18, 2) as cost,
    'USD' as currency
from range(1096) as days(d)
cross join range(3) as platforms(p)
cross join range(4) as campaigns(c);

create view orders as
select
    'O' || i as order_id,
    moment(i, 'order') as ordered_at,
    'A' || pick(i, 'order account', getvariable('accounts')) as account_id,
    case when pick(i, 'order deal', 4) = 0 then 'D' || pick(i, 'deal of', getvariable('deals')) end as deal_id,
    'S' || pick(i, 'order session', getvariable('sessions')) as session_id,
    'R' || pick(i, 'order rep', getvariable('reps')) as rep_id,
    channel(i) as channel,
    'Campaign ' || pick(i, 'order campaign', 40) as campaign,
    currency(i) as currency
from range(getvariable('orders')) as t(i);

create view order_lines as
select
    'O' || i || '-' || k as order_line_id,
    'O' || i as order_id,
    'P' || pick(i * 2 + k, 'line product', 30) as product_id,
    1 + pick(i * 2 + k, 'quantity', 5) as quantity,
    (100 + pick(i * 2 + k, 'price', 60000) / 100.0)::decimal(18, 2) as unit_price,
    (40 + pick(i * 2 + k, 'unit cost', 20000) / 100.0)::decimal(18, 2) as unit_cost,
    0::decimal(18, 2) as discount,
    case when pick(i * 2 + k, 'refund', 25) = 0 then 20::decimal(18, 2) end as refunded_amount,
    case when pick(i * 2 + k, 'refund', 25) = 0 then later(moment(i, 'order'), i, 'refunded', 30) end as refunded_at
from range(getvariable('orders')) as t(i)
cross join range(2) as lines(k);

create view subscriptions as
select
    'U' || i as subscription_id,
    'A' || pick(i, 'subscriber', getvariable('accounts')) as account_id,
    'R' || pick(i, 'subscription rep', getvariable('reps')) as rep_id,
    'P' || pick(i, 'subscribed', 30) as product_id,
    moment(i, 'subscription')::date as started_on,
    case when pick(i, 'ended', 3) = 0 then moment(i, 'subscription')::date + (30 + pick(i, 'runs', 500))::integer end as ended_on,
    (20 + pick(i, 'mrr', 50000) / 100.0)::decimal(18, 2) as mrr,
    currency(i) as currency,
    ['new', 'renewal', 'upsell', 'downgrade'][1 + pick(i, 'subscription kind', 4)] as kind
from range(getvariable('subscriptions')) as t(i);

create view acquisition_costs as
select
    'K' || m || '-' || c || '-' || kind as cost_id,
    (date '2023-01-01' + to_months(m::integer))::date as incurred_on,
    ['organic', 'ads', 'e-mail', 'partner'][1 + c] as channel,
    kind,
    (500 + pick(m * 10 + c, 'cost of ' || kind, 500000) / 100.0)::decimal(18, 2) as amount,
    'USD' as currency
from range(36) as months(m)
cross join range(4) as channels(c)
cross join (values ('marketing'), ('sales')) as kinds(kind);

create view competitor_prices as
select
    'P' || p as product_id,
    'Rival ' || r as competitor,
    (date '2023-01-01' + (w * 7)::integer)::date as observed_on,
    (80 + p * 25 + pick(w * 100 + p * 3 + r, 'price seen', 4000) / 100.0)::decimal(18, 2) as price,
    'USD' as currency
from range(156) as weeks(w)
cross join range(30) as products(p)
cross join range(3) as rivals(r);

create view brand_mentions as
select
    'B' || i as mention_id,
    moment(i, 'mention') as mentioned_at,
    ['x', 'reddit', 'news'][1 + pick(i, 'mentioned on', 3)] as platform,
    ['positive', 'neutral', 'negative'][1 + pick(i, 'sentiment', 3)] as sentiment,
    pick(i, 'reach', 10000) as reach,
    'https://example.com/' || i as url
from range(getvariable('mentions')) as t(i);
