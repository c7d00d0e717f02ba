"""Every act is on record in the log of whose affair it is, with who, what, before and after."""

import os
import pwd
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.audit import recording
from accounts.models import Account, Act, Organization, User
from balances.demo.people import ensure_people
from balances.lifecycle import ownership, pausing
from balances.lifecycle.ownership import BadTurnError
from balances.polling import refreshes, schedules
from tests.conftest import Cast, Simulator
from tests.support import acts, props

SIGNS = ("sign_in", "sign_out")


def post(browser: Client, name: str, account: Account) -> None:
    assert browser.post(reverse(f"account-{name}", args=[account.uid])).status_code == 302


def test_what_people_do_to_an_account_is_in_its_owners_log(
    cast: Cast, custody: Account, browser_of: Any
) -> None:
    admin = browser_of(cast.admin)
    for name in ("refresh", "pause", "pause", "resume", "archive", "restore", "restore"):
        post(admin, name, custody)
    found = acts.acts_of(cast.fund, *SIGNS)
    assert [(act.act, *acts.told(act)) for act in found] == [
        ("account.added", {}, {"environment": "production", "demo": False}),
        ("key.added", {}, {"verified": True, "wallets": "all"}),
        ("account.refreshed", {}, {}),
        ("account.paused", {"state": "polled"}, {"state": "paused"}),
        ("account.resumed", {"state": "paused"}, {"state": "polled"}),
        ("account.archived", {"state": "polled"}, {"state": "archived"}),
        ("account.restored", {"state": "archived"}, {"state": "polled"}),
    ]
    by_admin = {(act.who_kind, act.who_id, act.who) for act in found[2:]}
    assert by_admin == {("person", cast.admin.pk, "admin@example.com")}
    assert {(a.object_kind, a.object_uid, a.object_label) for a in found[2:]} == {
        acts.about(custody)
    }


def test_what_is_forbidden_or_changes_nothing_is_no_act(
    cast: Cast, custody: Account, browser_of: Any
) -> None:
    before = acts.words(cast.fund)
    viewer = browser_of(cast.viewer)
    assert viewer.post(reverse("account-pause", args=[custody.uid])).status_code == 403
    refreshes.ask(custody, by=cast.admin)
    refreshes.ask(custody, by=cast.admin)
    assert pausing.resume(custody, by=cast.admin) is False
    assert acts.words(cast.fund)[len(before) :] == ["sign_in", "account.refreshed"]


def test_an_account_is_added_by_who_adds_it(
    cast: Cast, simulator: Simulator, browser_of: Any
) -> None:
    key_id, secret = simulator.key("Spare organization")
    typed = {"label": "Payments", "owner": str(cast.fund.uid), "environment": "production"}
    browser = browser_of(cast.admin)
    typed |= {"api_key": key_id, "api_secret": "not the secret of this key", "wallets": "all"}
    assert browser.post(reverse("account-add"), typed).status_code == 422
    assert acts.words(cast.fund, *SIGNS) == []
    browser.post(reverse("account-add"), typed | {"api_secret": secret})
    found = acts.acts_of(cast.fund, *SIGNS)
    assert [act.act for act in found] == ["account.added", "key.added", "account.refreshed"]
    assert {act.who for act in found} == {"admin@example.com"}
    assert found[1].object_label == f"{key_id[:4]}… of Payments"
    assert key_id not in "".join(str(vars(act)) for act in found)


def test_a_personal_account_is_its_owners_affair_alone(
    cast: Cast, personal: Account, browser_of: Any
) -> None:
    post(browser_of(cast.owner), "pause", personal)
    offers = ["account.offered", "account.shared", "account.offered"]
    told = ["account.transferred", *offers, "sign_in", "account.paused"]
    assert acts.words(cast.owner) == told
    # Whose it was before keeps what happened then, and nothing of what came after.
    before = ["account.added", "key.added", "account.offered", "account.shared"]
    before += ["account.transferred"]
    assert acts.words(cast.former) == before
    # Who accepted what is their own affair too.
    people = (cast.owner, cast.former, cast.reader, cast.stranger)
    logs = {acts.log_of(person) for person in people}
    assert {act.log for act in Act.objects.all()} == logs


def test_a_transfer_stands_with_both_and_each_keeps_its_own(cast: Cast, custody: Account) -> None:
    pausing.pause(custody, by=cast.admin)
    ownership.transfer(custody, cast.other, by=cast.admin)
    ownership.transfer(custody, cast.other, by=cast.admin)
    pausing.resume(custody, by=cast.stranger)
    assert acts.words(cast.fund)[2:] == ["account.paused", "account.transferred"]
    assert acts.words(cast.other) == ["account.transferred", "account.resumed"]
    for owner in (cast.fund, cast.other):
        act = next(a for a in acts.acts_of(owner) if a.act == "account.transferred")
        assert acts.told(act) == ({"owner": "Fund"}, {"owner": "Other", "since": None})


def test_counted_or_not(cast: Cast, custody: Account) -> None:
    schedules.add_missing([custody])
    ownership.count(custody, counted=False, by=cast.admin)
    ownership.count(custody, counted=False, by=cast.admin)
    assert acts.words(cast.fund)[2:] == ["account.counted"]
    assert acts.last(cast.fund).after == {"counted": False, "since": None}


def test_a_command_acts_as_whoever_runs_it(cast: Cast, custody: Account) -> None:
    call_command("poll_balances", str(custody.uid), json=True)
    act = acts.last(cast.fund)
    operator = pwd.getpwuid(os.getuid()).pw_name
    assert (act.act, act.who_kind, act.who_id, act.who) == (
        "account.refreshed",
        "command",
        None,
        operator,
    )
    assert (act.address, act.agent) == ("", "manage.py poll_balances")
    refreshes.ask(custody, by=None)
    assert (acts.last(cast.fund).who_kind, acts.last(cast.fund).who) == ("system", "")


def test_people_and_roles_that_a_command_gives(cast: Cast) -> None:
    for role in ("viewer", "auditor", "auditor"):
        call_command("add_person", email="viewer@example.com", organization="Club", role=role)
    club = Organization.objects.get(name="Club")
    assert [(act.act, *acts.told(act)) for act in acts.acts_of(club)] == [
        ("organization.added", {}, {}),
        ("member.added", {}, {"role": "viewer"}),
        ("member.role_changed", {"role": "viewer"}, {"role": "auditor"}),
    ]
    assert acts.last(club).object_label == cast.viewer.email


@pytest.mark.django_db
def test_the_demos_people_are_on_record_once(settings: Any, tmp_path: Any) -> None:
    settings.DATA_DIR = tmp_path
    ensure_people()
    ensure_people()
    made = Act.objects.filter(log="installation", act="person.added")
    assert sorted(made.values_list("object_label", flat=True)) == [
        "analyst@demo.example",
        "operator@demo.example",
        "treasurer@demo.example",
    ]
    assert Act.objects.filter(act="member.added").count() == 4


def test_a_profile_tells_what_changed_and_a_password_only_that(cast: Cast, browser_of: Any) -> None:
    browser = browser_of(cast.viewer)
    typed = {"name": "Viewer", "time_zone": "Asia/Tokyo"}
    for _ in range(2):
        browser.post(reverse("profile"), typed)
    assert acts.words(cast.viewer) == ["sign_in", "profile.changed"]
    assert acts.told(acts.last(cast.viewer)) == ({"time_zone": "UTC"}, {"time_zone": "Asia/Tokyo"})
    new = "a better pass phrase"
    typed = {"oldpassword": props.PASSWORD, "password1": new, "password2": new}
    browser.post(reverse("account_change_password"), typed | {"oldpassword": "wrong"})
    assert acts.words(cast.viewer)[-1] == "profile.changed"
    browser.post(reverse("account_change_password"), typed)
    act = acts.last(cast.viewer)
    assert (act.act, *acts.told(act)) == ("password.changed", {}, {})


def test_a_chart_as_a_file_is_told_to_each_owner_of_its_part(
    cast: Cast, custody: Account, trading: Account, browser_of: Any
) -> None:
    mine = props.enrolled(("own-key", "c2VjcmV0" * 8), "Mine", cast.viewer)
    browser = browser_of(cast.viewer)
    browser.head(reverse("series-csv"), {"asset": "BTC"})
    assert acts.words(cast.fund, *SIGNS)[4:] == []
    browser.get(reverse("series-csv"), {"asset": "BTC"})
    for owner, count in ((cast.fund, 2), (cast.viewer, 1)):
        act = acts.last(owner)
        assert (act.act, act.object_label, act.after["accounts"]) == ("export.chart", "BTC", count)
    browser.get(reverse("account-series-csv", args=[custody.uid]), {"asset": "BTC"})
    assert acts.last(cast.fund).after["accounts"] == 1
    assert trading.pk
    assert mine.pk


UNWRITTEN: dict[str, Callable[[Account, User], object]] = {
    "pause": lambda account, by: pausing.pause(account, by=by),
    "archive": lambda account, by: pausing.archive(account, by=by),
    "refresh": lambda account, by: refreshes.ask(account, by=by),
    "transfer": lambda account, by: ownership.transfer(account, by, by=by),
}


@pytest.mark.parametrize("name", UNWRITTEN)
def test_what_cannot_be_put_on_record_is_not_done(
    cast: Cast, custody: Account, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    schedules.add_missing([custody])

    def fails(_: Any) -> str:
        raise RuntimeError("no record")

    monkeypatch.setattr(recording, "act_text", fails)
    with pytest.raises(RuntimeError, match="no record"):
        UNWRITTEN[name](custody, cast.admin)
    custody.refresh_from_db()
    assert custody.is_polled
    assert custody.organization == cast.fund
    assert not custody.refreshes.exists()


def test_what_is_not_done_is_not_on_record(cast: Cast, custody: Account) -> None:
    props.enrolled(("another", "c2VjcmV0" * 8), "Custody", cast.other)
    schedules.add_missing([custody])
    before = Act.objects.count()
    with pytest.raises(BadTurnError, match="has an account with this label"):
        ownership.transfer(custody, cast.other, by=cast.admin)
    assert Act.objects.count() == before
