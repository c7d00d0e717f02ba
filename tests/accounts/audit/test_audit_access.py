"""Who may read which log: organizations' for their admins and auditors, one's own for everybody."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Act, Membership, Role
from balances.lifecycle import ownership, pausing
from tests.conftest import Cast
from tests.security.test_missing import told
from tests.support import acts
from tests.support.markup import read
from tests.support.matrix import MEMBERS, PEOPLE

ADDRESSES = ("audit", "audit-csv", "audit-json")
READERS = ("admin", "auditor")


def ask(browser: Client, key: object, name: str = "audit", method: str = "GET") -> Any:
    return browser.generic(method, f"{reverse(name)}?organization={key}")


def text_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(content.decode())


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("who", PEOPLE)
def test_the_log_of_an_organization(
    cast: Cast, custody: Account, browser_of: Any, who: str, name: str
) -> None:
    browser = browser_of(getattr(cast, who))
    for method in ("GET", "HEAD"):
        answer = ask(browser, cast.fund.uid, name, method)
        expected = 200 if who in READERS else 403 if who in MEMBERS else 404
        assert answer.status_code == expected, method
        told_of_it = custody.label in text_of(answer)
        assert told_of_it == (who in READERS and method == "GET")
        if expected == 403 and method == "GET":
            assert "<b>auditor</b>" in answer.content.decode()


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("who", PEOPLE)
def test_the_log_of_the_installation_is_the_superusers(
    cast: Cast, browser_of: Any, who: str, name: str
) -> None:
    answer = ask(browser_of(getattr(cast, who)), "installation", name)
    assert answer.status_code == (200 if who == "superuser" else 404)


@pytest.mark.parametrize("name", ADDRESSES)
def test_foreign_logs_and_missing_ones_are_told_apart_by_nothing(
    cast: Cast, foreign: Account, browser_of: Any, name: str
) -> None:
    for who in ("owner", "admin", "superuser"):
        browser = browser_of(getattr(cast, who))
        theirs = told(ask(browser, cast.other.uid, name))
        for key in (uuid4(), "nothing", f"person {cast.owner.pk}", cast.other.pk, "%00"):
            assert told(ask(browser, key, name)) == theirs, (who, key)
        assert foreign.label not in theirs[2]


def test_everybody_reads_their_own_activity_and_nobody_elses(
    cast: Cast, personal: Account, browser_of: Any
) -> None:
    pausing.pause(personal, by=cast.owner)
    shown = read(ask(browser_of(cast.owner), "personal")).text
    assert "Account paused Personal" in shown
    for who in (*MEMBERS, "stranger", "superuser"):
        page = read(ask(browser_of(getattr(cast, who)), "personal"))
        assert page.one("h1").text.strip() == "Your activity"
        # The stranger's own act alone: once they accepted a share that has ended.
        assert ("Personal" in page.text) == (who == "stranger")
        assert "Account paused Personal" not in page.text
        assert "owner@example.com" not in page.text


@pytest.mark.parametrize(
    ("who", "heading"),
    [
        ("admin", "Audit log"),
        ("auditor", "Audit log"),
        ("superuser", "Audit log"),
        ("viewer", "Your activity"),
        ("operator", "Your activity"),
        ("owner", "Your activity"),
    ],
)
def test_the_link_and_the_first_log_are_for_who_oversees_something(
    cast: Cast, browser_of: Any, who: str, heading: str
) -> None:
    browser = browser_of(getattr(cast, who))
    page = read(browser.get(reverse("audit")))
    assert page.one("h1").text.strip() == heading
    links = [a for a in page.all("a", href=reverse("audit")) if a.text.strip() == "Audit"]
    assert bool(links) == (heading == "Audit log")
    assert page.has("a", href=f"{reverse('audit')}?organization=personal")


def test_a_superuser_reads_no_organizations_acts(
    cast: Cast, custody: Account, browser_of: Any
) -> None:
    page = read(browser_of(cast.superuser).get(reverse("audit")))
    assert custody.label not in page.text
    assert "Fund" not in page.text


def test_who_is_lowered_or_removed_sees_nothing_on_the_next_request(
    cast: Cast, custody: Account, browser_of: Any
) -> None:
    browser = browser_of(cast.auditor)
    assert custody.label in text_of(ask(browser, cast.fund.uid))
    member = Membership.objects.filter(user=cast.auditor)
    member.update(role=Role.VIEWER)
    assert [ask(browser, cast.fund.uid, name).status_code for name in ADDRESSES] == [403] * 3
    member.delete()
    assert [ask(browser, cast.fund.uid, name).status_code for name in ADDRESSES] == [404] * 3
    assert custody.label not in read(browser.get(reverse("audit"))).text


def test_after_a_transfer_each_owner_reads_their_part(
    cast: Cast, custody: Account, browser_of: Any
) -> None:
    pausing.pause(custody, by=cast.operator)
    ownership.transfer(custody, cast.other, by=cast.admin)
    pausing.resume(custody, by=cast.stranger)
    ours = read(ask(browser_of(cast.admin), cast.fund.uid)).text
    theirs = read(ask(browser_of(cast.stranger), cast.other.uid)).text
    assert ("Account paused" in ours, "Account resumed" in ours.partition("</form>")[2]) == (
        True,
        False,
    )
    assert "stranger@example.com" not in ours
    assert "Account resumed Custody" in theirs
    assert "operator@example.com" not in theirs


def test_a_refused_export_is_no_act(cast: Cast, browser_of: Any) -> None:
    browser = browser_of(cast.viewer)
    before = Act.objects.count()
    for name in ADDRESSES:
        ask(browser, cast.fund.uid, name)
        ask(browser, cast.other.uid, name)
    assert Act.objects.count() == before
    assert acts.words(cast.fund) == ["sign_in"]
