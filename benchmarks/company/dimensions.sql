-- Reps, accounts, products, stages, quotas and rates: what facts point to.

create view reps as
select
    'R' || i as rep_id,
    'Rep ' || i as rep_name,
    'Team ' || (i % (getvariable('reps') / 8 + 1)) as team,
    'R' || (i % 8) as manager_id,
    ['EMEA', 'AMER', 'APAC'][1 + i % 3] as region,
    date '2020-01-01' + i::integer as hired_on,
    case when i % 17 = 16 then date '2025-06-30' end as left_on
from range(getvariable('reps')) as t(i);

create view accounts as
select
    'A' || i as account_id,
    'Account ' || i as account_name,
    ['SMB', 'Mid', 'Enterprise'][1 + pick(i, 'segment', 3)] as segment,
    ['Retail', 'Software', 'Health', 'Energy'][1 + pick(i, 'industry', 4)] as industry,
    ['DE', 'US', 'JP', 'FR', 'BR'][1 + pick(i, 'country', 5)] as country,
    ['EMEA', 'AMER', 'APAC'][1 + pick(i, 'region', 3)] as region,
    'R' || pick(i, 'owner', getvariable('reps')) as owner_rep_id,
    moment(i, 'account') as created_at
from range(getvariable('accounts')) as t(i);

create view products as
select
    'P' || i as product_id,
    'Product ' || i as product_name,
    'Line ' || (i % 6) as product_line,
    case when i % 6 = 5 then 'P' || (i - 1) end as predecessor_product_id,
    date '2022-01-01' + (i * 30)::integer as launched_on,
    (100 + i * 25)::decimal(18, 2) as list_price,
    (40 + i * 11)::decimal(18, 2) as unit_cost,
    'USD' as currency
from range(30) as t(i);

create view stages as
select
    pipelines.pipeline,
    stages.*
from (values ('New business'), ('Renewals')) as pipelines(pipeline)
cross join (values
    ('Qualification', 1, 0.10, 'open', true), ('Discovery', 2, 0.25, 'open', true), ('Proposal', 3, 0.45, 'open', true),
    ('Negotiation', 4, 0.65, 'open', true), ('Contract', 5, 0.85, 'open', true), ('Won', 6, 1.00, 'won', true),
    ('Lost', 7, 0.00, 'lost', true)
) as stages(stage, position, probability, outcome, is_qualified);

create view quotas as
select
    'R' || i as rep_id,
    cast(null as varchar) as team,
    (date '2023-01-01' + to_months(m::integer))::date as month,
    kind,
    case kind when 'revenue' then 20000 + pick(i, 'quota', 30) * 1000 else 10 + pick(i, 'leads', 20) end as target,
    case kind when 'revenue' then 'USD' end as currency
from range(getvariable('reps')) as t(i)
cross join range(36) as months(m)
cross join (values ('revenue'), ('leads')) as kinds(kind);

create view exchange_rates as
select
    currency,
    (date '2022-12-01' + to_months(m::integer))::date as valid_from,
    round(rate * (1 + (m % 7) / 100.0), 6)::decimal(18, 6) as rate
from range(37) as months(m)
cross join (values ('EUR', 1.08), ('GBP', 1.25)) as rates(currency, rate);
