"""poll_balances: one JSON line an account, with its reason when it failed."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.support.servers.installation import Enrolled, Installation
from tests.support.servers.qredo_server import PATH, Answer, QredoServer, coin, holding, refusal

HTML = {"Content-Type": "text/html"}
LONG_AGO = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)


def odd(text: str) -> Answer:
    """An answer whose total is written like this."""
    fields = f'"total":{text},"available":1,"pendingIn":0,"pendingOut":0,"scale":100'
    return Answer(f'{{"assets":{{"BTC":{{{fields}}}}}}}'.encode())


FAULTS = [
    ("key_rejected", refusal(401, "invalid api key")),
    ("clock", refusal(401, "invalid timestamp", Date=LONG_AGO)),
    ("permission", refusal(403, "no access")),
    ("not_found", refusal(404, "no such account")),
    ("bad_request", refusal(400, "bad request")),
    ("bad_request", refusal(409, "conflict")),
    ("rate_limited", refusal(429, "slow down", Retry_After="-5")),
    ("upstream_error", Answer(b"<html>Down</html>", 500, HTML)),
    ("upstream_error", Answer(b"<html>Down</html>", 503, HTML)),
    ("not_json", Answer(b"<html>Maintenance</html>", 200, HTML)),
    ("not_json", Answer(b"")),
    ("not_json", Answer(b'{"assets":{"BTC":{"total":1,"av')),
    ("reset", Answer(b'{"assets":{}}' + b" " * 500, manner="cut")),
    ("reset", Answer(manner="reset")),
    ("timeout", Answer(manner="hang")),
    ("timeout", Answer(b'{"assets":{}}', manner="drip")),
    ("too_large", Answer(b'{"assets":{}}' + b" " * 6_000_000)),
    ("not_understood", Answer(b"[1, 2]")),
    ("not_understood", odd("1.0")),
    ("not_understood", odd("-1")),
    ("not_understood", odd('"1"')),
    ("not_understood", odd("true")),
    ("not_understood", odd("null")),
    ("not_understood", odd(str(2**256 + 1))),
    ("not_understood", odd('1,"total":2')),
    ("not_understood", holding(BTC=coin(1, 50))),
    ("not_understood", holding(**{"B\u202eTC": coin(1)})),
]

Lines = dict[str, dict[str, Any]]


def polled(installation: Installation, *accounts: Enrolled, code: int = 0) -> Lines:
    """Poll accounts; give the line of each."""
    ran = installation.run("poll_balances", *(account.uid for account in accounts), "--json")
    assert ran.code == code, ran
    assert bool(ran.err) == bool(code)
    assert sorted(line["account"] for line in ran.told) == sorted(a.uid for a in accounts)
    return {line["account"]: line for line in ran.told}


def fresh(account: Enrolled, changed: int) -> dict[str, object]:
    return {
        "account": account.uid, "outcome": "fresh", "reason": None, "detail": None,
        "changed": changed,
    }  # fmt: skip


@pytest.fixture
def broken(installation: Installation) -> Iterator[list[Enrolled]]:
    """An account for each fault, which answered well once."""
    accounts = installation.enrol(*(holding(BTC=coin(5)) for _ in FAULTS))
    polled(installation, *accounts)
    for account, (_, answer) in zip(accounts, FAULTS, strict=True):
        installation.qredo.answers[account.key_id] = answer
    yield accounts
    for account in accounts:
        installation.qredo.answers[account.key_id] = Answer()


def test_every_fault_has_its_reason_and_leaves_the_figures(
    installation: Installation, qredo: QredoServer, broken: list[Enrolled]
) -> None:
    healthy = installation.enrol(holding(BTC=coin(7)))[0]
    ran = installation.run("poll_balances", *(a.uid for a in [*broken, healthy]), "--json")
    lines = {line["account"]: line for line in ran.told}
    assert (ran.code, lines[healthy.uid]) == (1, fresh(healthy, 1))
    reasons = [(lines[account.uid]["outcome"], lines[account.uid]["reason"]) for account in broken]
    assert reasons == [("failed", reason) for reason, _ in FAULTS]
    assert all(lines[account.uid]["detail"] for account in broken)
    assert f"{len(FAULTS)} of {len(FAULTS) + 1}" in ran.complaint
    assert not qredo.offences()
    told = installation.run("balance_at", "now", *(a.uid for a in broken), "--json").lines
    assert {line["total"] for line in told} == {"0.00000005"}
    assert len(told) == len(broken)


def test_a_redirect_is_never_followed(installation: Installation, qredo: QredoServer) -> None:
    moved = Answer(b"", 302, {"Location": f"{qredo.origin}/elsewhere"})
    (account,) = installation.enrol(moved)
    line = polled(installation, account, code=1)[account.uid]
    assert (line["outcome"], line["reason"], line["changed"]) == ("failed", "redirect", 0)
    assert [request.path for request in qredo.requests] == [PATH]


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://127.0.0.1:9/qapi/v1", "refused"),
        ("https://qredo.invalid/qapi/v1", "dns"),
        ("https:{port}/qapi/v1", "tls"),
    ],
)
def test_an_address_that_is_not_qredo(
    installation: Installation, qredo: QredoServer, address: str, reason: str
) -> None:
    (account,) = installation.enrol(Answer())
    url = address.format(port=qredo.origin.removeprefix("http:"))
    ran = installation.run("poll_balances", account.uid, "--json", QREDO_PRODUCTION_URL=url)
    (line,) = ran.told
    assert (ran.code, line["outcome"], line["reason"]) == (1, "failed", reason)
    assert not qredo.requests


def test_changed_counts_the_assets_that_differ(
    installation: Installation, qredo: QredoServer
) -> None:
    before = {"BTC": coin(5), "ETH": coin(6, 10**18)}
    as_list = Answer(json.dumps({"assets": [{n: c} for n, c in before.items()]}, indent=2).encode())
    changes = [
        (0, holding(**before)),
        (0, as_list),
        (1, holding(BTC=coin(5, incoming=1), ETH=before["ETH"])),
        (1, holding(BTC=before["BTC"])),
        (2, Answer(b'{"assets":null}')),
        (3, holding(BTC=coin(4), ETH=coin(5, 10**18), DOT=coin(1))),
    ]
    accounts = installation.enrol(*(holding(**before) for _ in changes))
    assert polled(installation, *accounts) == {a.uid: fresh(a, 2) for a in accounts}
    expected = {}
    for account, (changed, answer) in zip(accounts, changes, strict=True):
        qredo.answers[account.key_id] = answer
        expected[account.uid] = fresh(account, changed)
    assert polled(installation, *accounts) == expected


def test_an_unknown_id_polls_nothing(installation: Installation, qredo: QredoServer) -> None:
    (account,) = installation.enrol(Answer())
    unknown = "00000000-0000-4000-8000-000000000000"
    for wrong in (unknown, "1; DROP TABLE"):
        assert wrong[:8] in installation.run("poll_balances", account.uid, wrong).refused(2)
    assert not qredo.requests


def test_a_paused_account_is_skipped_and_not_among_all(
    installation: Installation, qredo: QredoServer
) -> None:
    paused, active = installation.enrol(Answer(), Answer())
    pause = "from balances.lifecycle.pausing import pause; from accounts.models import Account;"
    pause += f" pause(Account.objects.get(uid='{paused.uid}'), by=None)"
    assert installation.run("shell", "-v", "0", "-c", pause).code == 0
    lines = polled(installation, paused, active)
    assert (lines[paused.uid]["outcome"], lines[paused.uid]["reason"]) == ("skipped", "busy")
    everybody = installation.run("poll_balances", "--json").told
    installation.forget_spares()
    ids = [line["account"] for line in everybody]
    assert active.uid in ids
    assert paused.uid not in ids
    assert len(set(ids)) == len(ids)
    assert not qredo.requests_of(paused.key_id)
    assert len(qredo.requests_of(active.key_id)) == 2


@pytest.mark.parametrize("unit", ["milliseconds", "nanoseconds"])
def test_the_timestamp_is_signed_in_the_unit_of_the_setting(
    installation: Installation, qredo: QredoServer, unit: str
) -> None:
    (account,) = installation.enrol(Answer())
    qredo.unit = unit
    try:
        # A trailing slash does not matter either: it is neither signed nor sent.
        given = {"QREDO_TIMESTAMP_UNIT": unit, "QREDO_PRODUCTION_URL": f"{qredo.url}/"}
        ran = installation.run("poll_balances", account.uid, "--json", **given)
    finally:
        qredo.unit = "seconds"
    assert (ran.code, qredo.offences()) == (0, [])
