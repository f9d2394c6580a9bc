"""The KPIs, one module each; the module's name is the KPI's id."""

from ..table import Kpi
from . import (
    deals_by_channel,
    deals_by_stage,
    new_customers,
    open_pipeline,
    pipeline_multiplier,
    pipeline_velocity,
    quota_attainment_rate,
    repeat_sales_by_channel,
    revenue,
    revenue_per_deal,
    sales_cycle,
    sales_growth,
    stage_conversion,
    stage_duration,
    time_to_lose,
    win_rate,
    won_deals,
)

ALL: tuple[Kpi, ...] = tuple(
    module.KPI
    for module in (
        won_deals,
        revenue,
        win_rate,
        sales_cycle,
        open_pipeline,
        new_customers,
        deals_by_stage,
        stage_conversion,
        stage_duration,
        deals_by_channel,
        repeat_sales_by_channel,
        pipeline_velocity,
        pipeline_multiplier,
        time_to_lose,
        quota_attainment_rate,
        revenue_per_deal,
        sales_growth,
    )
)
