"""15 board_deals: open deals in a qualified stage, and what became of those that had been in one (kpis.md, 15)."""

from ..deals import Life
from ..periods import Period, boundary
from ..table import ONE, Fact, FactsOf, Kpi, Measure, count, flow, given, ratio, when
from ..world import World

_DIMENSIONS = ("rep", "team", "stage")


def _is_qualified(world: World, life: Life, stage: str | None) -> bool:
    """Whether a stage is a qualified one; a stage that nobody knows is not."""
    known = world.stages.get((life.pipeline, stage)) if stage is not None else None
    return known is not None and known.is_qualified


def _reached(world: World, life: Life) -> bool:
    """Whether a closed deal had entered an open, qualified stage; the last change of a history is the closing one.

    Those before it come before the closing, also at the same instant. Without any history it was in its
    current stage, if that is open, from its creation on; not where it was closed before that.
    """
    if life.has_history:
        return any(v.outcome == "open" and _is_qualified(world, life, v.stage) for v in life.visits)
    lived = life.closed_at is not None and life.deal.created_at <= life.closed_at
    return lived and life.row_stage_outcome == "open" and _is_qualified(world, life, life.deal.stage)


def _facts(world: World) -> FactsOf:
    closed = flow(
        (world.clock.day(at), Fact(world.labels.deal(life.deal), given(reached=ONE, won=when(life.outcome == "won"))))
        for life, at in world.closed("won", "lost")
        if _reached(world, life)
    )

    def facts(period: Period) -> list[Fact]:
        board = [
            Fact(
                world.labels.standing(life, standing.stage),
                given(board=ONE, reasoned=when(life.deal.rationale_note is not None)),
            )
            for life, standing in world.open_at(boundary(period, world.clock))
            if _is_qualified(world, life, standing.stage)
        ]
        return [*board, *closed(period)]

    return facts


KPI = Kpi(
    "board_deals",
    ("deals", "deal_stage_changes", "stages"),
    (
        Measure("board_deals", _DIMENSIONS, count("board")),
        Measure("with_rationale_share", _DIMENSIONS, ratio("reasoned", "board")),
        Measure("qualified_to_customer_rate", _DIMENSIONS[:2], ratio("won", "reached")),
    ),
    _facts,
)
