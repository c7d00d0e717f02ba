"""Whether an account's entries of one asset are summed, since when, by whom, and why."""

from collections.abc import Sequence
from datetime import datetime

from accounts.access.querysets import Span, spans_of
from accounts.models import Account, EntryRule, User
from balances.ledger import schedules
from balances.models import Schedule
from balances.pages.components import times
from balances.pages.components.context import Fact
from balances.pages.settings.context import EntryRulePage, EntryRuleRow
from balances.polling import entry_rules

WORDS = {True: "Summed", False: "Not summed"}


def entry_rule_page(user: User, account: Account) -> EntryRulePage:
    """Return what stands beside the form that records a rule."""
    now = schedules.clock()
    rules = list(entry_rules.rules_of(account))
    began = _began(spans_of(user, [account.pk]).get(account.pk, []))
    return EntryRulePage(
        label=account.label,
        uid=str(account.uid),
        is_summed=entry_rules.is_summed(rules, now),
        refusal=refusal(account),
        rows=tuple(_row(rule, began, now) for rule in reversed(rules)),
    )


def refusal(account: Account) -> str:
    """Return why the newest poll failed, if a rule would help; else nothing."""
    details = Schedule.objects.filter(account=account).values_list("last_detail", flat=True)
    detail = details.first() or ""
    return detail if entry_rules.is_refusal(detail) else ""


def facts(newest: EntryRule | None, spans: Sequence[Span], now: datetime) -> tuple[Fact, ...]:
    """Return what an account's page says of its newest rule, if it has any."""
    if newest is None:
        return ()
    row = _row(newest, _began(spans), now)
    note = f"by {row.by}: {row.reason}" if row.by else row.reason
    return (Fact("Entries of one asset", row.word.lower(), row.since, note=note),)


def _began(spans: Sequence[Span]) -> datetime | None:
    """Return since when the account has been in its reader's sight."""
    return spans[-1][0] if spans else None


def _row(rule: EntryRule, began: datetime | None, now: datetime) -> EntryRuleRow:
    word = WORDS[rule.is_summed]
    if began is None or rule.since < began:
        # Who decided for an owner before, and why, is none of the next one's business.
        return EntryRuleRow(word, None, "", "recorded for an owner before")
    return EntryRuleRow(word, times.moment(rule.since, now), rule.who, rule.reason)
