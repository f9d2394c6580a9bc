-- One row per deal that was won.
select
    deal_id,
    closed_on,
    team,
    amount
from main.fct_deals
where state = 'won'
