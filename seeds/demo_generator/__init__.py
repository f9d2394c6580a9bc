"""Generator of the demo company: Brightwater, maker of industrial water-treatment equipment.

Brightwater sells filtration and disinfection equipment and service contracts to some 220
accounts on three continents. Seventeen reps in four teams work two pipelines, ``new_business``
and ``renewal``; two people of marketing bring leads. A web shop sells spare parts, also to some 130
small companies that buy nothing else, and reps offer these a plan that delivers them monthly.

The data covers 2024-07-01 to 2026-06-30: leads, contacts, sessions and orders are recorded from the
first day on. Before it the company had another CRM, of which the deals remain: all that it closed from
2023-07-01 on, without their stages in between, and each older customer's first purchase. So nobody
has a subscription before a won deal, figures of trailing 12 months are whole from the first day on,
and deals that were open on it have their history. A won deal of the period has an order; an order of
the shop is no deal.

    python -m seeds.demo_generator           writes seeds/demo/demo_<entity>.csv
    python -m seeds.demo_generator --check   exits 1 when those files are not what it would write
    python -m seeds.demo_generator --dirt    lists the rows that are broken on purpose, by key

The same code gives the same bytes, on every platform and Python from 3.11.

Rows broken on purpose (26; what becomes of each is the rule of the canonical entities):

=====  ==================  ==============================================================
count  entity              what is wrong, and what happens
=====  ==================  ==============================================================
1      deals               the row is there twice, identical: merged
1      deals               created_at cannot be parsed: rejected
1      deals               rep_id points nowhere: kept under ``(unknown)``
1      deals               rep_id is null: kept under ``(none)``
1      deals               says won, but its history ends open: the history holds
2      deals               won without an amount: count as deals, add no revenue
1      deals               created after 2026-06-30: invisible until as_of reaches it
2      accounts            one id, two differing rows, used by no deal: both rejected
1      accounts            created_at cannot be parsed: set to null
1      deal_stage_changes  lies before its deal's creation: kept, the span is clipped
1      deal_stage_changes  deal_id points nowhere: kept and counted
1      deal_stage_changes  belongs to the deal of after 2026-06-30: invisible, too
1      leads               the row is there twice, identical: merged
1      leads               score cannot be parsed: set to null
1      activities          deal_id points nowhere: kept and counted
1      activities          kind is none of the list: rejected
1      emails              first_opened_at cannot be parsed: set to null
1      calls               outcome is none of the list: rejected
1      meetings            lead_id points nowhere: kept under ``(unknown)``
1      sessions            the row is there twice, identical: merged
1      order_lines         product_id points nowhere, and no cost: outside the margin
1      order_lines         order_id points nowhere: kept and counted
1      ad_spend            clicks cannot be parsed: set to null
1      brand_mentions      sentiment is none of the list: set to null
=====  ==================  ==============================================================

Some open deals have no amount yet, which is legal: they count at their product's list price.
"""
