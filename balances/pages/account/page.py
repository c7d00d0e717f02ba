"""One account: what it holds, since when, how its polls went, and the facts of its key."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from accounts.access.compiled import id_of
from accounts.access.querysets import Span, spans_of
from accounts.access.roles import ADMINISTER, OPERATE, may
from accounts.models import Account, ApiKey, EntryRule, User
from balances.core.assets import Kind
from balances.evidence.proof import proof
from balances.history import partial_keys
from balances.history.status import Polled
from balances.models import Refresh
from balances.pages.account.context import AccountPage, AssetsOfAccount, RefreshNote
from balances.pages.account.evidence import evidence
from balances.pages.account.rejected_answers import rejected_rows
from balances.pages.account.timeline import timeline
from balances.pages.charts import chart as charts_chart
from balances.pages.charts import subject as charts_subject
from balances.pages.charts.chart import Frame
from balances.pages.charts.context import Chart
from balances.pages.charts.subject import first_to_show
from balances.pages.components import overlap_text, remedies, times
from balances.pages.components.context import Fact
from balances.pages.components.notices import counted_twice, not_answering, troubles
from balances.pages.components.shown_assets import PAGE_NAMES, AssetPaging
from balances.pages.components.status_text import in_sentence, words_of
from balances.pages.components.tables import Told, account_row, asset_row, flag_words
from balances.pages.keys.page import key_facts, reminder
from balances.pages.query.versions import version_of
from balances.pages.settings import counting, entry_rule
from balances.polling import entry_rules
from balances.portfolio.members import Member, members
from balances.portfolio.scope import Scope
from balances.portfolio.totals import added_up, kinds

#: What Qredo's balances are of; what is outside stands in no answer.
COVERS = "Wallets held at Qredo. Connected (external) wallets are not included."
_PARTIAL = (
    "Partial: the API key is said to see only some wallets of this account, so that the others are"
    " in no figure here."
)
_WHOLE_KEY = "Replace it with a key that sees all of them."
_PARTIAL_THEN = (
    "Partial: the API key was said to see only some wallets of this account, so that the others are"
    " in no figure here."
)

_LEFT_OUT = (
    "Partial: Qredo's answer has an asset with a name that cannot be shown: it has invisible or"
    " unusual characters, or is too long. That asset is in no figure here and in no total; the"
    " others are as Qredo answered. Look at the account in Qredo's web app."
)


def version(user: User, account: Account, query: Mapping[str, str], now: datetime) -> str:
    """Return the version of an account's figures."""
    return version_of(user, id_of(account), now, urlencode(sorted(query.items())))


def account_page(
    user: User,
    account: Account,
    query: Mapping[str, str],
    now: datetime,
    *,
    with_chart: bool = True,
) -> AccountPage:
    """Return an account's page for somebody who may see it."""
    one = Account.objects.filter(pk=account.pk)
    current_version = version(user, account, query, now)  # before the figures, as in the overview
    member = members(user, one)[0]
    spans = spans_of(user, [account.pk]).get(account.pk, [])
    refresh = _newest_refresh(account, spans)
    operates, administers = may(user, account, OPERATE), may(user, account, ADMINISTER)
    refreshing = refresh is not None and refresh.finished_at is None
    runs, note = timeline(account, now, spans)
    overlap = overlap_text.overlap_of(user, account)
    rule = entry_rules.rules_of(account).last()
    return AccountPage(
        row=account_row(member, now, _told(user, member, refreshing=refreshing, operates=operates)),
        assets=assets(member, now, query),
        chart=chart(user, member, query, now) if with_chart else None,
        runs=runs,
        runs_note=note,
        keys=key_facts(account, now),
        facts=(
            *_facts(member, now),
            *entry_rule.facts(rule, spans, now),
            *counting.facts(user, member, overlap, now),
        ),
        evidence=evidence(proof(account, spans, now, now), now) if spans else None,
        refresh=None if refresh is None else _refresh_note(refresh, now),
        may_operate=operates,
        may_administer=administers,
        may_sum=administers and _is_rule_wanted(member, rule),
        may_share=administers and account.is_personal,
        version=current_version,
        fragment_url=_fragment_url(account, query, current_version),
        notes=_notes(user, member, now, administers=administers),
        troubles=(
            *troubles(user, not_answering([member]), (), now),
            *counted_twice(user, overlap_text.too_many(user, overlap, account)),
        ),
        rejected=rejected_rows(account, spans, now, may_download=operates),
    )


def _told(user: User, member: Member, *, refreshing: bool, operates: bool) -> Told:
    asked = remedies.by_reader(user, [member]).get(member.account.pk, "")
    return Told(len(member.holdings), operates, refreshing, asked)


def _notes(user: User, member: Member, now: datetime, *, administers: bool) -> tuple[str, ...]:
    reminder = _reminder(member.account, now, shown=administers)
    return (*partial_note(user, member), *_detail(member), *reminder)


def _is_rule_wanted(member: Member, rule: EntryRule | None) -> bool:
    """Whether the newest answer was refused for want of a rule."""
    is_summed = rule is not None and rule.is_summed
    return not is_summed and any(map(entry_rules.is_refusal, _detail(member)))


def _fragment_url(account: Account, query: Mapping[str, str], current_version: str) -> str:
    asked = {**query, "version": current_version}
    return f"{reverse('account-figures', args=[account.uid])}?{urlencode(asked)}"


def assets(member: Member, now: datetime, query: Mapping[str, str]) -> AssetsOfAccount:
    """Return the rows of an account's assets that are shown: real money first, each by name."""
    found = added_up([member], now)
    paging = AssetPaging(reverse("account", args=[member.account.uid]), query)
    shown, pages = paging.of_rows(found, PAGE_NAMES["production"])
    rows = (
        # Of one account what is gone is said too: at a sum it would be no news.
        replace(asset_row(one, now, None, member.query), flags=flag_words(one.holders[0][1].flags))
        for one in shown
    )
    return AssetsOfAccount(tuple(rows), pages)


def chart(user: User, member: Member, query: Mapping[str, str], now: datetime) -> Chart | None:
    """Return the chart of an account, which ends at `now`; nothing without an asset."""
    choices = kinds(added_up([member], now))
    if not choices:
        return None
    asset, kind = _asked(query, choices)
    of = charts_subject.subject(Scope(user, only=frozenset({member.account.pk})), asset, kind)
    uid = member.account.uid
    frame = Frame(
        page_url=reverse("account", args=[uid]),
        series_url=reverse("account-series", args=[uid]),
        csv_url=reverse("account-series-csv", args=[uid]),
        choices=choices,
        zone=user.time_zone,
        kept=member.query,
    )
    return charts_chart.chart(of, charts_subject.range_for(of, query, now), frame, now)


def _asked(query: Mapping[str, str], choices: list[tuple[str, Kind]]) -> tuple[str, Kind]:
    asset = query.get("asset", "")
    return next((pair for pair in choices if pair[0] == asset), min(choices, key=first_to_show))


def partial_note(user: User, member: Member, at: datetime | None = None) -> tuple[str, ...]:
    """Return what it means that an account's figures are partial, if they are, and what helps.

    `at` is the instant that they are as of, if not now.
    """
    if not member.stand.is_partial:
        return ()
    sight, pk = member.stand.sight, member.account.pk
    by_key = partial_keys.partial_by_key({pk: sight.observed_at if sight else None}, at)
    found = [_partial(user, member)] if by_key else []
    return (*found, *([_LEFT_OUT] if partial_keys.left_out([pk], at) else []))


def _partial(user: User, member: Member) -> str:
    if member.stand.is_past:
        return _PARTIAL_THEN
    return f"{_PARTIAL} {remedies.for_whole_key(user, member) or _WHOLE_KEY}"


def _detail(member: Member) -> tuple[str, ...]:
    schedule = member.schedule
    return (schedule.last_detail,) if schedule and schedule.last_detail else ()


def _reminder(account: Account, now: datetime, *, shown: bool) -> tuple[str, ...]:
    active = ApiKey.objects.filter(account=account, replaced_at=None).first() if shown else None
    text = reminder(active, now)
    return (text,) if text else ()


def _facts(member: Member, now: datetime) -> tuple[Fact, ...]:
    account, schedule = member.account, member.schedule
    facts = [
        Fact("Account id", str(account.uid)),
        Fact("Environment", account.environment),
        Fact("Figures cover", COVERS),
        Fact("Added", "", times.moment(account.created_at, now)),
    ]
    if schedule is not None:
        facts.append(Fact("Polled", _pace(schedule)))
        if schedule.observed_at is not None:
            facts.append(Fact("Newest answer", "", times.moment(schedule.observed_at, now)))
        if schedule.next_slot is not None:
            due = max(schedule.next_slot, schedule.not_before or schedule.next_slot)
            facts.append(Fact("Next poll", times.short(due, now)))
    return tuple(facts)


def _pace(schedule: Polled) -> str:
    usual = schedule.base_interval_seconds
    now = f"every {times.every(schedule.interval_seconds)}"
    return now if usual is None else f"{now}, not {times.every(usual)}, until its key is accepted"


def _newest_refresh(account: Account, spans: list[Span]) -> Refresh | None:
    """Return the newest refresh of the reader's time with the account."""
    if not spans:
        return None
    asked = Refresh.objects.filter(account=account, asked_at__gte=spans[-1][0])
    return asked.order_by("-asked_at").first()


def _refresh_note(refresh: Refresh, now: datetime) -> RefreshNote:
    if refresh.finished_at is None:
        return RefreshNote("running", "Refreshing…")
    age = times.ago(now - refresh.finished_at)
    if refresh.outcome == "fresh":
        return RefreshNote("fresh", f"Refreshed {age}")
    reason = in_sentence(words_of(refresh.reason))
    return RefreshNote(refresh.outcome, f"Refresh {refresh.outcome} {age}: {reason}")  # type: ignore[arg-type] # an outcome
