"""4 email_open_rate: of the e-mails delivered, those that were opened (kpis.md, 4)."""

from datetime import datetime

from ..labels import NONE
from ..sources import Email
from ..table import ONE, Fact, FactsOf, Inputs, Kpi, Measure, count, flow, given, ratio, when
from ..world import World

_DIMENSIONS = ("email_type", "campaign", "rep", "team")


def _facts(world: World) -> FactsOf:
    """What was opened, clicked or replied to counts among the delivered ones, what bounced among all sent."""

    def happened(at: datetime | None) -> bool:
        return at is not None and world.clock.visible(at)

    def inputs(email: Email) -> Inputs:
        sent = given(sent=ONE, bounced=when(happened(email.bounced_at)))
        if not happened(email.delivered_at):
            return sent
        return {
            **sent,
            **given(
                delivered=ONE,
                opened=when(happened(email.first_opened_at)),
                clicked=when(happened(email.first_clicked_at)),
                replied=when(happened(email.replied_at)),
            ),
        }

    def labels(email: Email) -> dict[str, str]:
        own = {"email_type": email.email_type or NONE, "campaign": email.campaign or NONE}
        return {**world.labels.rep(email.rep_id), **own}

    return flow((world.clock.day(email.sent_at), Fact(labels(email), inputs(email))) for email in world.visible.emails)


KPI = Kpi(
    "email_open_rate",
    ("emails",),
    (
        Measure("open_rate", _DIMENSIONS, ratio("opened", "delivered")),
        Measure("sent", _DIMENSIONS, count("sent")),
        Measure("bounce_rate", _DIMENSIONS, ratio("bounced", "sent")),
        Measure("click_rate", _DIMENSIONS, ratio("clicked", "delivered")),
        Measure("reply_rate", _DIMENSIONS, ratio("replied", "delivered")),
    ),
    _facts,
    cohort=True,
)
