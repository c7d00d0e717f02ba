"""Demo data are never shown as real, and never added to anything real, whatever is set today."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

import qredo
from accounts.enrolment import Candidate, keep
from accounts.models import Account, Act, Environment, User
from accounts.shared.demo_data import MixedDataError
from balances.demo import past
from balances.demo.apart import set_apart
from balances.lifecycle import ownership
from balances.lifecycle.ownership import BadTurnError
from balances.polling import schedules
from qredo_dash.management.commands import serve
from tests.conftest import Cast, Simulator
from tests.support.history import StoppedClock, at, coins, keyless, seen
from tests.support.markup import shown

BANNER = "Demo data: balances come from the simulator on this machine"
AMONG = "Demo accounts are among these: their balances are made up and in no total"


@pytest.fixture
def toy(cast: Cast, clock: StoppedClock) -> Account:  # noqa: ARG001
    """A demo account of the fund with 5 BTC since ten o'clock."""
    account = keyless("Toy", at(10))
    Account.objects.filter(pk=account.pk).update(is_demo=True)
    seen(account, at(10), BTC=coins(500))
    clock.now = at(10, 4)
    account.refresh_from_db()
    return account


@pytest.fixture
def mixed(toy: Account, clock: StoppedClock) -> Account:
    """The same beside an account of the fund's own, as before that was refused."""
    vault = keyless("Vault", at(10))
    seen(vault, at(10), BTC=coins(100))
    clock.now = at(10, 4)
    return toy


def test_the_banner_goes_by_what_is_stored(
    viewer: Client, clock: StoppedClock, settings: Any
) -> None:
    assert not settings.DEMO
    assert "Demo" not in shown(viewer, "overview").text
    account = keyless("Toy", at(10))
    assert "Demo" not in shown(viewer, "overview").text
    Account.objects.filter(pk=account.pk).update(is_demo=True)
    clock.now = at(10, 1)
    for name in ("overview", "accounts", "pending", "history", "reports"):
        assert BANNER in shown(viewer, name).text, name
    assert BANNER in shown(Client(), "account_login").text


@pytest.mark.usefixtures("mixed")
def test_demo_accounts_beside_others_are_in_no_total_now_or_then(viewer: Client) -> None:
    assert set_apart() == 1
    assert AMONG in shown(viewer, "overview").text
    for page in (
        shown(viewer, "overview"),
        shown(viewer, "overview", at="2026-03-02T10:01:00Z"),
    ):
        assert page.amounts()[0] == "1.00"
        assert "1 of 1 fresh" in page.text
    paper = shown(viewer, "statement", at="2026-03-02T10:01:00Z").text
    assert "Does not count: in no total" in paper
    assert "demo: made up by the simulator" in paper
    csv = viewer.get("/history.csv", {"at": "2026-03-02T10:01:00Z"}).text
    assert {line.rsplit(",", 1)[1] for line in csv.split()[1:] if "Toy" in line} == {"simulator"}
    assert {line.rsplit(",", 1)[1] for line in csv.split()[1:] if "Vault" in line} == {"qredo"}
    assert Act.objects.filter(act="account.counted").count() == 1
    assert set_apart() == 0


def test_nothing_is_set_apart_where_there_is_only_the_demo(toy: Account, viewer: Client) -> None:
    assert toy.is_demo
    assert set_apart() == 0
    assert shown(viewer, "overview").amounts()[0] == "5.00"


def test_a_demo_account_beside_others_cannot_be_counted_again(mixed: Account) -> None:
    set_apart()
    with pytest.raises(BadTurnError, match="demo account counts in no total"):
        ownership.count(mixed, counted=True, by=None)


def candidate(*, simulated: bool) -> Candidate:
    return Candidate("key-1", qredo.Secret(b"s" * 32), Environment.PRODUCTION, simulated=simulated)


def test_the_two_are_not_mixed_any_more(toy: Account, cast: Cast) -> None:
    with pytest.raises(MixedDataError, match="accounts of your own need another DATA_DIR"):
        keep(candidate(simulated=False), label="Mine", owner=cast.fund, by=None, verified=True)
    Account.objects.filter(pk=toy.pk).update(is_demo=False)
    with pytest.raises(MixedDataError, match="demo accounts need another DATA_DIR"):
        keep(candidate(simulated=True), label="Toy 2", owner=cast.fund, by=None, verified=True)
    past.enrol_missing([])
    assert Account.objects.count() == 1


@pytest.mark.usefixtures("toy")
def test_who_adds_an_account_beside_the_demo_is_told_why_not(
    cast: Cast, simulator: Simulator, browser_of: Any
) -> None:
    key_id, secret = simulator.key("Custody")
    before = simulator.requests_of("Custody")
    typed = {
        "label": "Mine", "owner": str(cast.fund.uid), "environment": "production",
        "api_key": key_id, "api_secret": secret, "wallets": "all",
    }  # fmt: skip
    page = browser_of(cast.admin).post("/accounts/add/", typed).text
    assert Account.objects.count() == 1
    assert simulator.requests_of("Custody") == before
    assert "need another DATA_DIR" in page


def refused(*, demo: bool) -> str:
    command = serve.Command(stderr=StringIO())
    with pytest.raises((CommandError, SystemExit)) as ended:
        command._require_unmixed(demo)
    return str(ended.value)


def test_the_program_does_not_start_without_the_demo_on_the_demo_s_data(
    toy: Account, settings: Any
) -> None:
    assert str(settings.DATA_DIR) in refused(demo=False)
    serve.Command()._require_unmixed(demo=True)
    Account.objects.filter(pk=toy.pk).update(is_demo=False)
    assert str(settings.DATA_DIR) in refused(demo=True)
    serve.Command()._require_unmixed(demo=False)


def test_demo_people_alone_are_the_demo_s_data(db: None) -> None:  # noqa: ARG001
    User.objects.create_user("treasurer@demo.example", "a made-up pass phrase")
    refused(demo=False)


@pytest.mark.usefixtures("mixed")
def test_the_program_starts_on_both_and_lets_nothing_of_the_demo_count(viewer: Client) -> None:
    serve.Command()._require_unmixed(demo=False)
    assert shown(viewer, "overview").amounts()[0] == "1.00"


def test_commands_say_of_which_figures_are_the_demo_s(toy: Account) -> None:
    vault = keyless("Vault", at(10))
    seen(vault, at(10), BTC=coins(100))
    schedules.add_missing()
    for account, is_demo in ((toy, True), (vault, False)):
        uid, now = str(account.uid), "2026-03-02T10:01:00Z"
        commands = (("balance_at", now, uid), ("history", uid, "BTC", "--from", now, "--to", now))
        for command in commands:
            for form in ([], ["--json"]):
                out = StringIO()
                more = ["--points", "1"] if command[0] == "history" else []
                call_command(*command, *more, *form, stdout=out)
                assert (("demo" in out.getvalue()) or ("simulator" in out.getvalue())) == is_demo
