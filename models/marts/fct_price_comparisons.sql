-- One row per competitor's price of one of our products and interval in which it was the latest known and the rates of
-- the currencies did not change: it counts at the end of a period, b, where valid_from_on < b, and valid_to_on is null
-- or b at the earliest. Both prices are in the reporting currency, at the rates of the day before b.
with prices as (
    select
        *,
        lead(observed_on) over (
            partition by source_system, product_id, competitor order by observed_on
        ) as replaced_on
    from {{ ref('fct_competitor_prices') }}
    where is_visible
),

products as (
    select * from {{ ref('dim_products') }}
),

listed as (
    select
        prices.*,
        products.list_price,
        products.currency as list_currency,
        case when products.list_price is not null then prices.price end as compared_price
    from prices
    left join products
        on prices.source_system = products.source_system
        and prices.product_id = products.product_id
),

-- A rate holds for the day before b where valid_from < b <= valid_until. Prices need one from the first day on.
rated as (
    select
        listed.*,
        rates.rate as price_rate,
        list_rates.rate as list_rate,
        {{ has_rate('listed.currency', 'first_rates') }} as has_price_rate,
        {{ has_rate('listed.list_currency', 'first_list_rates') }} as has_list_rate,
        greatest(
            listed.observed_on,
            coalesce(rates.valid_from, listed.observed_on),
            coalesce(list_rates.valid_from, listed.observed_on)
        ) as valid_from_on,
        nullif(least(
            coalesce(listed.replaced_on, cast('9999-12-31' as date)),
            coalesce(rates.valid_until, cast('9999-12-31' as date)),
            coalesce(list_rates.valid_until, cast('9999-12-31' as date))
        ), cast('9999-12-31' as date)) as valid_to_on
    from listed
    left join {{ ref('int_exchange_rates') }} as rates
        on {{ holds_within('rates', 'listed.currency', 'listed.observed_on', 'listed.replaced_on') }}
        and listed.compared_price is not null
    left join {{ ref('int_exchange_rates') }} as list_rates
        on {{ holds_within('list_rates', 'listed.list_currency', 'listed.observed_on', 'listed.replaced_on') }}
        and listed.compared_price is not null
    {{ joined_rate('first_rates', 'listed.currency', 'listed.observed_on') }}
    {{ joined_rate('first_list_rates', 'listed.list_currency', 'listed.observed_on') }}
)

select
    rated.source_system,
    rated.product_id,
    rated.product,
    rated.competitor,
    rated.observed_on,
    rated.valid_from_on,
    rated.valid_to_on,
    {{ converted('compared_price', 'currency', 'rated', 'observed_on', rate='known_price_rate') }} as price,
    {{ converted('list_price', 'list_currency', 'rated', 'observed_on', rate='known_list_rate') }} as list_price
from (
    select
        *,
        case when has_price_rate then price_rate end as known_price_rate,
        case when has_list_rate then list_rate end as known_list_rate
    from rated
) as rated
where rated.valid_to_on is null or rated.valid_to_on > rated.valid_from_on
