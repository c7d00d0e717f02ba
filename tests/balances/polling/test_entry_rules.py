"""One asset in several entries: refused, until an admin has recorded that they are summed."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import F

import qredo
from accounts.models import Account, Act, EntryRule
from balances.evidence.verification.verify import verify
from balances.ledger import schedules
from balances.ledger.snapshots import SUMMED
from balances.lifecycle import ownership
from balances.management.commands.balance_at import Command
from balances.models import Change, Holding, RejectedAnswer, Schedule, Snapshot
from balances.polling import entry_rules
from balances.polling.recording import Recorded
from tests.conftest import Cast
from tests.support import acts
from tests.support.evidence.statements import Told, Where, found, notes, put, relinked, statement
from tests.support.evidence.statements import account as account_in
from tests.support.history import StoppedClock, answer_of, at, claimed, delivered, keyless
from tests.support.servers.qredo_server import coin

WHY = "Both are wallets of ours, compared in the web app."
RULE = "rule for entries of one asset"


def body(*entries: tuple[str, Any]) -> bytes:
    """Return an answer in list form: an asset and its total, or its whole entry, each."""
    told = [{name: coin(one) if isinstance(one, int) else one} for name, one in entries]
    return json.dumps({"assets": told}).encode()


TWICE = body(("BTC", 3), ("ETH", 7), ("BTC", 4))


@pytest.fixture
def vault(cast: Cast, clock: StoppedClock) -> Account:  # noqa: ARG001
    return keyless("Vault", at(10))


def gave(account: Account, minute: int, answer: bytes) -> Recorded:
    """Poll an account: this is its answer."""
    now = at(10, minute)
    (recorded,) = delivered(claimed(account, now), answer_of(answer), now)
    return recorded


def ruled(account: Account, cast: Cast, clock: StoppedClock, minute: int, **told: Any) -> bool:
    """Record a rule at an instant."""
    clock.now = at(10, minute)
    given: dict[str, Any] = {"summed": True, "reason": WHY, "by": cast.admin} | told
    return entry_rules.record_rule(account, **given)


def held(account: Account) -> dict[str, tuple[int, list[str]]]:
    return {h.asset: (int(h.total), h.flags) for h in Holding.objects.filter(account=account)}


def flags(account: Account) -> list[list[str]]:
    rows = Snapshot.objects.filter(account=account).order_by("number")
    return list(rows.values_list("flags", flat=True))


def wrong() -> list[tuple[str, str, str]]:
    return [(one.field, one.expected, one.found) for one in verify().findings]


def test_without_a_rule_it_is_refused_with_what_helps(vault: Account) -> None:
    gave(vault, 0, body(("BTC", 5)))
    recorded = gave(vault, 5, TWICE)
    assert (recorded.outcome, recorded.reason) == ("failed", "not_understood")
    assert recorded.detail.startswith("Qredo's answer names more than once: BTC.")
    assert "An admin of the account can record" in recorded.detail
    assert held(vault) == {"BTC": (5, [])}
    assert RejectedAnswer.objects.get(account=vault).size == len(TWICE)
    assert wrong() == []


def test_with_a_rule_they_are_summed_and_flagged(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    gave(vault, 0, body(("BTC", 5)))
    assert ruled(vault, cast, clock, 1)
    recorded = gave(vault, 5, TWICE)
    assert (recorded.outcome, recorded.changed) == ("fresh", 2)
    assert held(vault) == {"BTC": (7, [SUMMED]), "ETH": (7, [])}
    assert flags(vault) == [[], [SUMMED]]
    assert wrong() == []


def test_a_sum_of_the_same_amount_is_a_change_since_it_is_a_sum(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    ruled(vault, cast, clock, 0)
    gave(vault, 0, body(("BTC", 7)))
    for minute, answer in ((5, body(("BTC", 3), ("BTC", 4))), (10, body(("BTC", 4), ("BTC", 3)))):
        gave(vault, minute, answer)
    gave(vault, 15, body(("BTC", 7)))
    assert flags(vault) == [[], [SUMMED], []]
    changes = Change.objects.order_by("valid_from").values_list("flags", "total", "delta_total")
    told = [(marks, int(total), str(delta.normalize())) for marks, total, delta in changes]
    assert told == [([], 7, "7E-8"), ([SUMMED], 7, "0"), ([], 7, "0")]
    assert wrong() == []


def test_what_was_undone_is_refused_again_and_the_sums_of_before_stay(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    ruled(vault, cast, clock, 0)
    gave(vault, 0, TWICE)
    assert ruled(vault, cast, clock, 1, summed=False, reason="It was one wallet.")
    # The very bytes that are held are refused too.
    assert gave(vault, 5, TWICE).outcome == "failed"
    assert Schedule.objects.get(account=vault).observed_at == at(10)
    assert held(vault)["BTC"] == (7, [SUMMED])
    assert wrong() == []
    ruled(vault, cast, clock, 6)
    assert gave(vault, 10, TWICE).outcome == "fresh"
    assert wrong() == []


def test_an_answer_that_was_under_way_when_it_was_undone_is_refused(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    ruled(vault, cast, clock, 0)
    claim = claimed(vault, at(10))
    ruled(vault, cast, clock, 1, summed=False)
    (recorded,) = delivered(claim, answer_of(TWICE), at(10, 1))
    assert recorded.outcome == "failed"
    assert not Snapshot.objects.exists()


def test_no_sum_is_older_than_its_rule_though_the_clock_stepped_back(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    ruled(vault, cast, clock, 20)
    assert gave(vault, 0, TWICE).outcome == "fresh"
    assert Snapshot.objects.get().observed_at == at(10, 20)
    # Nor is what ends it older than the sums before.
    ruled(vault, cast, clock, 2, summed=False)
    assert EntryRule.objects.latest("since").since > at(10, 20)
    assert wrong() == []


@pytest.mark.parametrize(
    "answer",
    [
        body(("BTC", 3), ("BTC", {**coin(4), "scale": 10})),
        body(("BTC", 3), ("BTC", {**coin(4), "total": 4.5})),
        body(("BTC", 3), ("BTC", {**coin(4), "total": -4})),
        body(("BTC", 3), ("BTC", {"total": 4})),
        body(("BTC", 3), ("BTC", None)),
        body(("BTC", 2**256), ("BTC", 1)),
        body(("BTC", 1), ("B\u200bTC", 3), ("B\u200bTC", 4)),
        b'{"assets": {"BTC": %b, "BTC": %b}}' % ((json.dumps(coin(3)).encode(),) * 2),
        b'{"assets": [{"BTC": %b, "ETH": %b}]}' % ((json.dumps(coin(3)).encode(),) * 2),
    ],
)
def test_what_cannot_be_summed_is_refused_whatever_was_recorded(answer: bytes) -> None:
    with pytest.raises(qredo.NotUnderstood) as refused:
        qredo.parse_balances(answer, sum_entries=True)
    assert not entry_rules.is_refusal(refused.value.detail)


def test_sums_are_exact_and_of_all_four_amounts_of_all_entries() -> None:
    big = {"total": 2**255, "available": 2**255, "pendingIn": 1, "pendingOut": 2, "scale": "x"}
    entries = [{**big, "scale": scale} for scale in (10**18, 10**18)]
    odd = json.dumps({"assets": [{"ETH": one} for one in entries]}).replace(
        "1000000000000000000}", "1e18}", 1
    )
    (eth,) = qredo.parse_balances(odd.encode(), sum_entries=True).assets
    assert eth == qredo.AssetBalance("ETH", 2**256, 2**256, 2, 4, 10**18, entries=2)
    three = qredo.parse_balances(body(("A", 1), ("A", 2), ("A", 3)), sum_entries=True)
    assert [(one.total, one.entries) for one in three.assets] == [(6, 3)]
    assert three.summed == ("A",)
    with pytest.raises(qredo.NotUnderstood, match="stands twice"):
        qredo.parse_balances(TWICE)


def test_it_is_recorded_once_with_its_act_and_only_added_to(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    assert not ruled(vault, cast, clock, 0, summed=False)
    assert ruled(vault, cast, clock, 1)
    assert not ruled(vault, cast, clock, 2, reason="Again.")
    assert ruled(vault, cast, clock, 3, summed=False, reason="Undone.")
    rows = EntryRule.objects.order_by("since")
    assert list(rows.values_list("is_summed", "since", "reason", "who")) == [
        (True, at(10, 1), WHY, "admin@example.com"),
        (False, at(10, 3), "Undone.", "admin@example.com"),
    ]
    told = [acts.told(act) for act in acts.acts_of(cast.fund) if act.act == entry_rules.ACT]
    assert told == [
        ({"summed": False}, {"summed": True, "reason": WHY, "since": _text(at(10, 1))}),
        ({"summed": True}, {"summed": False, "reason": "Undone.", "since": _text(at(10, 3))}),
    ]
    assert wrong() == []


def _text(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S.%f}Z"


def test_nothing_is_recorded_for_an_account_that_was_given_away_meanwhile(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    clock.now = at(10, 1)
    ownership.transfer(vault, cast.other, by=cast.admin)
    with pytest.raises(entry_rules.OwnerChangedError):
        ruled(vault, cast, clock, 2)
    assert not EntryRule.objects.exists()


@pytest.mark.usefixtures("as_owner")
def test_rules_that_differ_from_the_audit_log_are_found(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    ruled(vault, cast, clock, 0)
    gave(vault, 0, TWICE)
    ruled(vault, cast, clock, 1, summed=False)
    # After a transfer it stands in another log.
    clock.now = at(10, 2)
    ownership.transfer(vault, cast.owner, by=cast.admin)
    vault.refresh_from_db()
    ruled(vault, cast, clock, 3, by=cast.owner)
    assert len({act.log for act in Act.objects.filter(act=entry_rules.ACT)}) == 2
    assert wrong() == []
    rows = EntryRule.objects.filter(since=at(10, 1))
    for change in ({"reason": "other"}, {"who": "other"}, {"is_summed": True}):
        before = rows.values(*change).get()
        rows.update(**change)
        assert [one[0] for one in wrong()] == [RULE], change
        rows.update(**before)
    assert wrong() == []
    rows.delete()
    assert RULE in {one[0] for one in wrong()}


@pytest.mark.usefixtures("as_owner")
def test_a_sum_that_no_rule_of_its_instant_allows_is_found(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    ruled(vault, cast, clock, 0)
    gave(vault, 0, TWICE)
    EntryRule.objects.update(since=F("since") + timedelta(microseconds=1))
    assert ("payload", "balances", "not_understood") in wrong()


@pytest.mark.usefixtures("as_owner")
def test_a_flag_that_was_taken_off_a_sum_is_found(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    ruled(vault, cast, clock, 0)
    gave(vault, 0, TWICE)
    Snapshot.objects.update(flags=[])
    assert {one[0] for one in wrong()} == {"flags", "chain"}
    Snapshot.objects.update(flags=[SUMMED])
    Holding.objects.update(flags=[])
    assert {one[0] for one in wrong()} == {"holding BTC flags"}


def forgery(told: Told, where: Where, value: str) -> Told:
    """Change a text of a statement, and its links as a forger would."""
    return relinked(put(told, where, value))


def test_a_statement_of_sums_verifies_away_from_the_program(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    ruled(vault, cast, clock, 0)
    gave(vault, 0, TWICE)
    gave(vault, 5, body(("BTC", 3), ("ETH", 8), ("BTC", 4)))
    clock.now = at(10, 30)
    told = statement(cast.viewer, at(10, 6), clock.now)
    assert found(told) == []
    assert [one for one in notes(told) if "several entries" in one]
    (btc, _) = account_in(told, "Vault")["holdings"]
    assert btc["base_units"] == ["7", "7", "0", "0"]
    texts = ("accounts", 0, "snapshots", "texts", 0)
    text = told["accounts"][0]["snapshots"]["texts"][0]
    assert "\nflags summed\n" in text
    forged = forgery(told, texts, text.replace("\nflags summed\n", "\nflags \n"))
    assert [one for one in found(forged) if "whether entries are summed" in one]


def test_a_statement_is_wrong_if_its_text_hides_that_a_change_is_a_sum(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    ruled(vault, cast, clock, 0)
    gave(vault, 0, TWICE)
    clock.now = at(10, 30)
    told = statement(cast.viewer, at(10, 1), clock.now)
    text = told["accounts"][0]["snapshots"]["texts"][0]
    assert 'change "BTC" 7 7 0 0 100000000 summed\n' in text
    where = ("accounts", 0, "snapshots", "texts", 0)
    forged = forgery(
        told, where, text.replace(" summed\n", " \n").replace("flags \n", "flags summed\n")
    )
    assert [one for one in found(forged) if "disagree on" in one], found(forged)


def test_the_command_tells_the_flag(
    vault: Account, cast: Cast, clock: StoppedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    ruled(vault, cast, clock, 0)
    gave(vault, 0, TWICE)
    Command().handle(time=at(10, 1).isoformat(), accounts=[str(vault.uid)], json=True)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {one["asset"]: one["flags"] for one in lines} == {"BTC": [SUMMED], "ETH": []}
    assert schedules.clock() == at(10)
