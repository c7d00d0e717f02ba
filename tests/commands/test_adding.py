"""add_account: a key that answers is kept with its first snapshot; any other leaves nothing."""

import json
import subprocess
from datetime import datetime
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

import pytest

from tests.support.servers.installation import Installation, Ran
from tests.support.servers.qredo_server import Answer, QredoServer, coin, holding, refusal

FUND = ("--organization", "Fund", "--environment", "production")


def adding(label: str, key_id: str, *rest: str) -> list[str]:
    return ["add_account", "--label", label, "--api-key", key_id, *(rest or FUND)]


def added(ran: Ran) -> dict[str, Any]:
    assert ran.code == 0, ran
    (line,) = ran.lines
    assert line.keys() == {"id", "verified"}
    return line


def kept(installation: Installation) -> list[Any]:
    """All that adding an account may leave behind."""
    tables = [f"accounts_{name}" for name in ("account", "apikey", "organization")]
    tables += [f"balances_{name}" for name in ("schedule", "refresh", "snapshot", "holding")]
    counts = [(f"SELECT count(*) FROM {table}", ()) for table in tables]  # noqa: S608
    return installation.sql_at_once(*counts)


@pytest.mark.parametrize("dress", [" \t{}\r\n\r\n ", "folded"])
def test_a_key_that_answers_is_kept_with_its_first_snapshot(
    installation: Installation, qredo: QredoServer, dress: str
) -> None:
    total = 150_000_000 + len(dress)  # what no other account was answered
    key_id, secret = qredo.new_key(holding(BTC=coin(total)), key_id=f"-{token_urlsafe(8)}")
    folded = f"{secret[:40]}\r\n{secret[40:]}\n"
    stdin = folded if dress == "folded" else dress.format(secret)
    line = added(installation.run(*adding(f"Account {key_id}", key_id), stdin=stdin))
    assert (line["verified"], str(UUID(line["id"]))) == (True, line["id"])
    assert [request.offence for request in qredo.requests] == [""]
    (balance,) = installation.run("balance_at", "now", line["id"], "--json").lines
    assert (balance["base_units"]["total"], balance["coverage"]) == (str(total), "fresh")
    assert datetime.fromisoformat(balance["observed_at"]).tzinfo is not None


@pytest.mark.parametrize(("flag", "said"), [((), []), (("--some-wallets",), [("some",)])])
def test_a_key_may_be_said_to_see_only_some_wallets(
    installation: Installation, qredo: QredoServer, flag: tuple[str, ...], said: list[Any]
) -> None:
    key_id, secret = qredo.new_key()
    added(installation.run(*adding(f"Some {key_id}", key_id, *FUND, *flag), stdin=secret))
    extents = "SELECT e.wallets FROM accounts_extent e JOIN accounts_apikey k ON k.id = e.key_id"
    assert installation.sql(f"{extents} WHERE k.key_id = %s", key_id) == said


def test_the_second_account_joins_the_organization(
    installation: Installation, qredo: QredoServer
) -> None:
    owner = ("--organization", "Custodians", "--environment", "sandbox")
    keys = [qredo.new_key(), qredo.new_key()]
    commands = [(adding(f"Desk {k}", k, *owner, "--no-verify"), secret) for k, secret in keys]
    lines = [added(ran) for ran in installation.together(*commands)]
    assert [line["verified"] for line in lines] == [False, False]
    assert not qredo.requests
    owners = "SELECT o.name FROM accounts_organization o JOIN accounts_account a"
    owners += " ON a.organization_id = o.id WHERE a.uid = ANY(%s::uuid[])"
    found = installation.sql(owners, [line["id"] for line in lines])
    assert found == [("Custodians",), ("Custodians",)]
    told = installation.run("balance_at", "now", lines[0]["id"], "--json").lines
    assert told == [{"account": lines[0]["id"], "asset": None, "coverage": "unknown"}]


def test_a_personal_account_is_found_by_e_mail(
    installation: Installation, qredo: QredoServer
) -> None:
    phrase = "a made-up pass phrase\n"
    assert installation.run("add_person", "--email", "owner@example.com", stdin=phrase).code == 0
    key_id, secret = qredo.new_key()
    owner = ("--owner", "Owner@Example.com", "--environment", "production")
    line = added(installation.run(*adding("Mine", key_id, *owner), stdin=secret))
    owners = "SELECT email FROM accounts_user u JOIN accounts_account a ON a.owner_id = u.id"
    assert installation.sql(f"{owners} WHERE a.uid = %s", line["id"]) == [("owner@example.com",)]


def test_an_unknown_e_mail_is_refused_before_the_key_is_used(
    installation: Installation, qredo: QredoServer
) -> None:
    before = kept(installation)
    key_id, secret = qredo.new_key()
    owner = ("--owner", "nobody@example.com", "--environment", "production")
    ran = installation.run(*adding("Mine", key_id, *owner), stdin=secret)
    assert "nobody@example.com" in ran.refused(1)
    assert (qredo.requests, kept(installation)) == ([], before)


REFUSALS = {
    "key_rejected": refusal(401, "invalid api key"),
    "permission": refusal(403, "no access"),
    "upstream_error": Answer(b"<html>Bad gateway</html>", 502, {"Content-Type": "text/html"}),
    "reset": Answer(manner="reset"),
    "timeout": Answer(manner="hang"),
    "not_understood": Answer(b'{"assets":{"BTC":{"total":1}}}'),
}


def test_a_refused_key_leaves_nothing_not_even_an_organization(
    installation: Installation, qredo: QredoServer
) -> None:
    before = kept(installation)
    keys = {reason: qredo.new_key(answer) for reason, answer in REFUSALS.items()}
    commands = [
        (adding("New", key_id, "--organization", reason, "--environment", "production"), secret)
        for reason, (key_id, secret) in keys.items()
    ]
    for reason, ran in zip(REFUSALS, installation.together(*commands), strict=True):
        line = ran.refused(1)
        assert line.startswith(f"{reason}: ")
        assert not any(part in line for key in keys.values() for part in key)
    assert kept(installation) == before


def test_an_answer_that_needs_a_rule_is_said_and_its_account_kept_without_figures(
    installation: Installation, qredo: QredoServer
) -> None:
    body = json.dumps({"assets": [{"BTC": coin(3)}, {"BTC": coin(4)}]}).encode()
    key_id, secret = qredo.new_key(Answer(body))
    ran = installation.run(*adding(f"Twice {key_id}", key_id), stdin=secret)
    assert "names more than once: BTC" in ran.complaint
    (line,) = ran.told
    assert (ran.code, line["verified"]) == (0, True)
    (balance,) = installation.run("balance_at", "now", line["id"], "--json").lines
    assert (balance["asset"], balance["coverage"]) == (None, "unknown")


def test_an_unreachable_qredo_or_an_unusable_address_leaves_nothing(
    installation: Installation, qredo: QredoServer
) -> None:
    before = kept(installation)
    key_id, secret = qredo.new_key()
    words = adding("New", key_id, "--organization", "Nowhere", "--environment", "production")
    dead = installation.run(*words, stdin=secret, QREDO_PRODUCTION_URL="http://127.0.0.1:9/qapi/v1")
    assert dead.refused(1).startswith("refused: ")
    plain = installation.run(*words, stdin=secret, QREDO_PRODUCTION_URL="http://qredo.example/v1")
    assert "https" in plain.refused(2)
    assert kept(installation) == before


def test_what_is_no_key_is_refused_without_being_shown(
    installation: Installation, qredo: QredoServer
) -> None:
    before = kept(installation)
    key_id, secret = qredo.new_key()
    bad: list[bytes | str] = [secret[:-3] + "!!!", secret * 60, "", secret.encode() + b"\xff"]
    commands: list[tuple[list[str], bytes | str]] = [(adding("New", key_id), text) for text in bad]
    commands += [(adding("New", "canary key"), secret), (adding("New", "c" * 129), secret)]
    for ran, (_, stdin) in zip(installation.together(*commands), commands, strict=True):
        line = ran.refused(1)
        assert secret[:12] not in line
        assert "canary" not in line
        assert not stdin or str(stdin)[:8] not in line
    assert (qredo.requests, kept(installation)) == ([], before)


def test_a_label_is_one_account_of_its_owner(
    installation: Installation, qredo: QredoServer
) -> None:
    for label in ("Vault", "vault "):
        key_id, secret = qredo.new_key()
        ran = installation.run(*adding(label, key_id), stdin=secret)
        if label == "Vault":
            added(ran)
            before = kept(installation)
    assert "label" in ran.refused(1)
    assert kept(installation) == before


def test_usage_errors_end_with_2(installation: Installation, qredo: QredoServer) -> None:
    key_id, secret = qredo.new_key()
    both = (*FUND, "--owner", "owner@example.com")
    commands = [
        (words, secret)
        for words in (
            adding("New", key_id, "--environment", "production"),
            adding("New", key_id, *both),
            adding("New", key_id, "--organization", "Fund", "--environment", "testing"),
        )
    ]
    for ran in installation.together(*commands):
        assert (ran.code, ran.out) == (2, "")
        assert "Traceback" not in ran.err
    assert not qredo.requests


def test_no_file_of_the_installation_holds_the_secret(
    installation: Installation, qredo: QredoServer
) -> None:
    key_id, secret = qredo.new_key()
    uid = added(installation.run(*adding("Canary", key_id), stdin=secret))["id"]
    assert installation.run("poll_balances", uid, "--json").code == 0
    command = ["grep", "-rlaF", secret[:20], str(installation.data_dir)]
    # Data files may lag behind; the log that is written ahead holds every row at commit.
    found = subprocess.run(command, capture_output=True, check=False)
    assert (found.returncode, found.stdout) == (1, b"")


def test_a_key_that_another_account_has_is_kept_and_told(
    installation: Installation, qredo: QredoServer
) -> None:
    key_id, secret = qredo.new_key(holding(BTC=coin(5_000)))
    first = added(installation.run(*adding("Custody twin", key_id), stdin=secret))
    ran = installation.run(*adding("Treasury twin", f" {key_id} "), stdin=secret)
    assert (ran.code, ran.told[0]["verified"]) == (0, True)
    assert f"the same Qredo account as {first['id']}: " in ran.complaint
    # In another environment it is another key.
    sandbox = ("--organization", "Fund", "--environment", "sandbox", "--no-verify")
    added(installation.run(*adding("Twin of the sandbox", key_id, *sandbox), stdin=secret))


@pytest.mark.parametrize("body", [b"null", b'{"data":null}', b'{"assets":null}', b'{"assets":{}}'])
def test_a_key_of_an_organization_without_funds_can_be_added(
    installation: Installation, qredo: QredoServer, body: bytes
) -> None:
    key_id, secret = qredo.new_key(Answer(body))
    line = added(installation.run(*adding(f"New {key_id}", key_id), stdin=secret))
    told = installation.run("balance_at", "now", line["id"], "--json").lines
    assert told == [{"account": line["id"], "asset": None, "coverage": "fresh"}]
