"""One account as of an instant of the past: what it held, and what proves that."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from accounts.access.querysets import Span, spans_of
from accounts.models import Account, User
from balances.evidence.proof import proof
from balances.pages.account.context import AccountPage
from balances.pages.account.evidence import evidence
from balances.pages.account.page import COVERS, assets, chart, partial_note
from balances.pages.account.timeline import timeline
from balances.pages.as_of.instant import AsOf, long_text
from balances.pages.components.context import Fact
from balances.pages.components.tables import Told, account_row
from balances.pages.settings.counting import WORDS
from balances.portfolio.members import Member, members_at
from balances.portfolio.scope import Scope


def account_then(
    user: User, account: Account, query: Mapping[str, str], asked: AsOf, *, with_chart: bool = True
) -> AccountPage:
    """Return an account's page as of an instant at which somebody may see it."""
    at = asked.at
    (member,) = members_at(Scope(user, only=frozenset({account.pk})), at)
    spans = spans_of(user, [account.pk])[account.pk]
    runs, note = timeline(account, at, clipped(spans, at), "The 7 days before.")
    return AccountPage(
        row=account_row(member, at, Told(len(member.holdings))),
        assets=assets(member, at, query),
        chart=chart(user, member, query, at) if with_chart else None,
        runs=runs,
        runs_note=note,
        facts=_facts(member),
        evidence=evidence(proof(account, spans, at, asked.now), at),
        notes=partial_note(user, member, at),
        is_past=True,
    )


def clipped(spans: Sequence[Span], at: datetime) -> list[Span]:
    """Return the parts of spans up to an instant."""
    return [(began, min(ended or at, at)) for began, ended in spans if began < at]


def _facts(member: Member) -> tuple[Fact, ...]:
    account, sight = member.account, member.stand.sight
    seen = [] if sight is None else [Fact("Newest answer", long_text(sight.observed_at))]
    return (
        Fact("Account id", str(account.uid)),
        Fact("Environment", account.environment),
        Fact("Figures cover", COVERS),
        *seen,
        Fact("In totals", WORDS[member.is_counted]),
    )
