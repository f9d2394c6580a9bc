"""What a slice is called (kpis.md, Slices)."""

from collections import Counter
from collections.abc import Iterable, Mapping

from .deals import Life, pipeline_of, stage_index
from .sources import Deal, Lead, Meeting, Sources

NONE = "(none)"
UNKNOWN = "(unknown)"


#: How those of one label are told apart, until each has one of its own (decision 5).
_FORMS = ("{name} ({key})", "{name} (folder:{key})", "{name} (folder:{key})")


def _names(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Ids to names; namesakes are all shown as `Name (id)`, and where that is another's name, with the system."""
    known = list(pairs)
    shown = dict(known)
    for form in _FORMS:
        times = Counter(shown.values())
        shown = {key: form.format(name=name, key=key) if times[shown[key]] > 1 else shown[key] for key, name in known}
    return shown


class Labels:
    """The values of every dimension."""

    def __init__(self, sources: Sources) -> None:
        self._delivered = sources.delivered
        self._rep_names = _names((rep.rep_id, rep.rep_name) for rep in sources.reps)
        self._reps = {rep.rep_id: rep for rep in sources.reps}
        self._products = _names((p.product_id, p.product_name) for p in sources.products)
        self._product_lines = {p.product_id: p.product_line for p in sources.products}
        self._leads = {lead.lead_id: lead for lead in sources.leads}
        self._deals = {deal.deal_id: deal for deal in sources.deals}
        self._segments = {a.account_id: a.segment for a in sources.accounts}
        self._stages = stage_index(sources)
        pipelines = {stage.pipeline for stage in sources.stages}
        pipelines |= {pipeline_of(deal) for deal in sources.deals}
        self._several_pipelines = len(pipelines) > 1

    def _named(self, key: str | None, entity: str, names: Mapping[str, str]) -> str:
        """A missing key, one that points nowhere, one of an entity that is not delivered."""
        if key is None:
            return NONE
        return names.get(key, UNKNOWN) if entity in self._delivered else key

    def rep(self, rep_id: str | None) -> dict[str, str]:
        """A rep with its present team and region."""
        labels = {"rep": self._named(rep_id, "reps", self._rep_names)}
        rep = self._reps.get(rep_id or "")
        if rep is None:
            away = NONE if rep_id is None else UNKNOWN
            return {**labels, "team": away, "region": away}
        return {**labels, "team": rep.team or NONE, "region": rep.region or NONE}

    def segment(self, account_id: str | None) -> str:
        """The account's segment."""
        if account_id is None:
            return NONE
        if account_id not in self._segments:
            return UNKNOWN
        return self._segments[account_id] or NONE

    def product(self, product_id: str | None) -> str:
        """The product's name."""
        return self._named(product_id, "products", self._products)

    def product_line(self, product_id: str | None) -> str:
        """The product's line."""
        if product_id is None:
            return NONE
        if product_id not in self._product_lines:
            return UNKNOWN
        return self._product_lines[product_id] or NONE

    def stage(self, pipeline: str, stage: str | None) -> str:
        """`pipeline/stage` where there are several pipelines; None is before the first change."""
        if stage is None:
            return NONE
        if "stages" in self._delivered and (pipeline, stage) not in self._stages:
            return UNKNOWN
        escaped = pipeline.replace("\\", "\\\\").replace("/", "\\/")
        return f"{escaped}/{stage}" if self._several_pipelines else stage

    def lead(self, lead: Lead) -> dict[str, str]:
        """The lead's owner, and its own channel and campaign."""
        return {
            **self.rep(lead.rep_id),
            "channel": lead.channel or NONE,
            "campaign": lead.campaign or NONE,
        }

    def _origin(self, deal: Deal) -> dict[str, str]:
        """A deal's channel and campaign, each its own, else its lead's (kpis.md, Who owns a row).

        A link that points nowhere makes what would come through it unknown.
        """
        lead = self._leads.get(deal.lead_id or "")
        if lead is not None:
            through = (lead.channel or NONE, lead.campaign or NONE)
        else:
            through = (NONE, NONE) if deal.lead_id is None else (UNKNOWN, UNKNOWN)
        return {"channel": deal.channel or through[0], "campaign": deal.campaign or through[1]}

    def meeting(self, meeting: Meeting) -> dict[str, str]:
        """The meeting's rep, and the channel of its lead, else of its deal.

        What either of them knows comes first; what neither does is unknown where a link points nowhere.
        """
        found = []
        if meeting.lead_id is not None:
            lead = self._leads.get(meeting.lead_id)
            found.append(UNKNOWN if lead is None else lead.channel or NONE)
        if meeting.deal_id is not None:
            deal = self._deals.get(meeting.deal_id)
            found.append(UNKNOWN if deal is None else self._origin(deal)["channel"])
        known = [channel for channel in found if channel not in (UNKNOWN, NONE)]
        channel = known[0] if known else UNKNOWN if UNKNOWN in found else NONE
        return {**self.rep(meeting.rep_id), "channel": channel, "kind": meeting.kind or NONE}

    def deal(self, deal: Deal) -> dict[str, str]:
        """Every dimension of a deal but its stage."""
        return {
            **self.rep(deal.rep_id),
            **self._origin(deal),
            "product": self.product(deal.product_id),
            "segment": self.segment(deal.account_id),
            "pipeline": pipeline_of(deal),
        }

    def standing(self, life: Life, stage: str | None) -> dict[str, str]:
        """Every dimension of a deal that stands, or stood, in a stage."""
        return {**self.deal(life.deal), "stage": self.stage(life.pipeline, stage)}
