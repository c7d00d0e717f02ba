"""The page of a log: newest first, page by page, limited by what a reader looks for."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from accounts.audit import objects
from accounts.audit.recording import record
from accounts.models import Account, Act, Organization
from balances.lifecycle import pausing
from tests.conftest import Cast
from tests.security.test_headers import assert_inert
from tests.security.test_inert import ODD
from tests.support import props
from tests.support.markup import Page, read


@pytest.fixture
def auditor(cast: Cast, browser_of: Any) -> Client:
    browser: Client = browser_of(cast.auditor)
    return browser


def shown(browser: Client, **query: str) -> Page:
    answer = browser.get(reverse("audit"), query)
    assert answer.status_code == 200
    return read(answer)


def numbers(page: Page) -> list[int]:
    return [
        int(item.attributes["id"].removeprefix("act-"))
        for item in page.all("li")
        if item.attributes.get("id", "").startswith("act-")
    ]


def happened(cast: Cast, count: int) -> None:
    for _ in range(count):
        record("organization.added", objects.organization(cast.fund), by=cast.admin)


def test_an_act_says_who_what_when_from_where_before_and_after(
    cast: Cast, custody: Account, browser_of: Any
) -> None:
    agent = {"user-agent": "Mozilla/5.0"}
    path = reverse("account-pause", args=[custody.uid])
    browser_of(cast.operator).post(path, headers=agent)
    page = shown(browser_of(cast.auditor), act="account.paused")
    assert len(numbers(page)) == 1
    for text in (
        "Account paused Custody",
        "operator@example.com",
        "127.0.0.1",
        "Mozilla/5.0",
        "state polled paused",
        f"account {custody.uid}",
        f'person {cast.operator.pk} "operator@example.com"',
        bytes(Act.objects.get(act="account.paused").chain).hex(),
    ):
        assert text in page.text, text


def test_pages_follow_each_other_whatever_happens_meanwhile(cast: Cast, auditor: Client) -> None:
    happened(cast, 119)  # and the auditor's sign-in
    pages = [shown(auditor)]
    while older := pages[-1].all("a", rel="next"):
        happened(cast, 1)
        pages.append(read(auditor.get(reverse("audit") + older[0].attributes["href"])))
    assert [len(numbers(page)) for page in pages] == [50, 50, 20]
    assert [n for page in pages for n in numbers(page)] == list(range(120, 0, -1))
    assert "Older acts are shown" in pages[1].text
    assert "Older acts are shown" not in pages[0].text


def test_limits_are_kept_from_page_to_page_and_in_the_files(cast: Cast, auditor: Client) -> None:
    happened(cast, 51)
    page = shown(auditor, act="organization.added", person="admin@")
    older = parse_qs(urlsplit(page.one("a", rel="next").attributes["href"]).query)
    assert older == {
        "organization": [str(cast.fund.uid)],
        "act": ["organization.added"],
        "person": ["admin@"],
        "before": ["3"],
    }
    links = [a.attributes.get("href", "") for a in page.all("a")]
    files = [
        href for href in links if href.startswith((reverse("audit-csv"), reverse("audit-json")))
    ]
    assert [parse_qs(urlsplit(href).query).get("act") for href in files] == [
        ["organization.added"]
    ] * 2
    assert all("before" not in href for href in files)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"person": "OPERATOR@example"}, {"account.paused", "sign_in"}),
        ({"person": "viewer@example.com"}, {"member.added"}),
        ({"person": "operator@example.com", "act": "sign_in"}, {"sign_in"}),
        ({"person": "nobody@example.com"}, set()),
        ({"act": "account.paused"}, {"account.paused"}),
        ({"object": "cust", "person": "operator"}, {"account.paused"}),
        ({"object": "%"}, set()),
        ({"object": "' OR 1=1 --"}, set()),
    ],
)
def test_limits(
    cast: Cast, custody: Account, browser_of: Any, query: dict[str, str], found: set[str]
) -> None:
    about = objects.person(cast.viewer, log=objects.log_of_organization(cast.fund))
    record("member.added", about, by=None, after={"role": "viewer"})
    path = reverse("account-pause", args=[custody.uid])
    browser_of(cast.operator).post(path)
    page = shown(browser_of(cast.auditor), **query)
    told = Act.objects.filter(log=objects.log_of_organization(cast.fund), number__in=numbers(page))
    assert {act.act for act in told} == found
    assert ("No act is like that." in page.text) == (not found)
    assert {name: page.values()[name] for name in query if name != "act"} == {
        name: text for name, text in query.items() if name != "act"
    }


def test_an_object_is_found_by_its_id_alone(
    cast: Cast, custody: Account, trading: Account, auditor: Client
) -> None:
    pausing.pause(trading, by=cast.operator)
    page = shown(auditor, object=str(custody.uid))
    assert "Custody" in page.text
    assert "Trading" not in page.text


@pytest.mark.usefixtures("as_owner")
def test_from_and_to_are_in_the_readers_zone(cast: Cast, auditor: Client) -> None:
    cast.auditor.time_zone = "Asia/Tokyo"
    cast.auditor.save()
    at = datetime(2026, 3, 1, 15, 0, tzinfo=UTC)  # midnight in Tokyo
    Act.objects.filter(number=1, log=objects.log_of_organization(cast.fund)).update(at=at)
    page = shown(auditor, **{"from": "2026-03-02T00:00", "to": "2026-03-02T00:01"})
    assert numbers(page) == [1]
    assert "2 Mar 2026, 00:00:00 JST" in page.text
    assert page.values()["from"] == "2026-03-02T00:00"
    assert numbers(shown(auditor, **{"from": "2026-03-02T00:01"})) == []
    assert numbers(shown(auditor, to="2026-03-02T00:00")) == []


BAD = [
    {"from": "yesterday"},
    {"to": "2026-03-02T10:00Z"},
    {"from": "0001-01-01T00:00"},
    {"from": "2026-03-02T10:00", "to": "2026-03-02T10:00"},
    {"act": "account.stolen"},
    {"person": "a\0b"},
    {"object": "a" * 300},
    {"before": "0"},
    {"before": "x"},
    {"before": "9" * 30},
]


@pytest.mark.parametrize("query", BAD)
def test_what_cannot_be_used_is_said_and_nothing_is_shown(
    auditor: Client, query: dict[str, str]
) -> None:
    answer = auditor.get(reverse("audit"), query)
    page = read(answer)
    assert (answer.status_code, numbers(page)) == (422, [])
    assert "Nothing is shown until the limits above are in order." in page.text
    if "before" not in query:
        assert page.all("ul", class_="field-error")
    before = Act.objects.count()
    for name in ("audit-csv", "audit-json"):
        refused = auditor.get(reverse(name), query)
        assert (refused.status_code, refused.headers["Content-Type"]) == (
            400,
            "text/plain; charset=utf-8",
        )
    assert Act.objects.count() == before


def test_a_log_without_acts_says_so(cast: Cast, browser_of: Any) -> None:
    page = shown(browser_of(cast.superuser), organization="installation")
    assert "Nothing has been done here yet." in page.text
    assert not page.all("a", rel="next")


@pytest.mark.parametrize("label", ODD)
def test_what_people_call_things_is_text_and_nothing_else(
    cast: Cast, auditor: Client, label: str
) -> None:
    Organization.objects.filter(pk=cast.fund.pk).update(name=label)
    props.enrolled(("odd-key", "c2VjcmV0" * 8), label, cast.fund)
    headers = {"user-agent": label}
    auditor.get(reverse("audit-csv"), {"object": label}, headers=headers)
    answer = auditor.get(reverse("audit"), {"object": label})
    page = read(answer)
    for element in page.elements:
        assert_inert(element)
    assert label in [bdi.text for bdi in page.all("bdi")]
    assert page.values()["object"] == label
