"""Adding an account in the browser: errors at their fields, all else kept, the secret unseen."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import enrolment
from accounts.models import Account, ApiKey
from balances.models import Payload, Refresh, Schedule, Snapshot
from tests.conftest import Cast, Simulator
from tests.support import props
from tests.support.history import coins
from tests.support.markup import Page, read

ADD = "/accounts/add/"
NAME = "Spare organization"


@pytest.fixture
def browser(cast: Cast, browser_of: Any) -> Client:
    signed_in: Client = browser_of(cast.admin)
    return signed_in


@pytest.fixture
def typed(cast: Cast, simulator: Simulator) -> dict[str, str]:
    """What a person types who makes no mistake."""
    key_id, secret = simulator.key(NAME)
    return {
        "label": "Payments",
        "owner": str(cast.fund.uid),
        "environment": "production",
        "api_key": key_id,
        "api_secret": secret,
        "wallets": "all",
    }


def kept() -> tuple[int, ...]:
    tables = (Account, ApiKey, Schedule, Payload, Snapshot, Refresh)
    return tuple(model.objects.count() for model in tables)


def refused(browser: Client, typed: dict[str, str], field: str, before: tuple[int, ...]) -> str:
    """Send what was typed; check that all is as it should be; return the error at the field."""
    answer = browser.post(ADD, typed)
    page = read(answer)
    assert answer.status_code == 422
    assert_kept_in_the_form(page, typed, field)
    if len(typed["api_secret"]) > 3:
        assert typed["api_secret"].strip() not in answer.content.decode()
    assert kept() == before
    notes = page.all("ul", class_="field-error")
    assert [note.attributes["id"] for note in notes] == [f"id_{field}_error"]
    control = page.one("input", id=f"id_{field}")
    assert control.attributes["aria-invalid"] == "true"
    assert f"id_{field}_error" in control.attributes["aria-describedby"]
    return page.text


def assert_kept_in_the_form(page: Page, typed: dict[str, str], field: str) -> None:
    shown = page.values()
    assert shown["api_secret"] == ""
    for name in {"label", "api_key"} - {field}:
        assert shown[name] == typed[name]
    assert "selected" in page.one("option", value=typed["owner"]).attributes
    (chosen,) = [e for e in page.all("input", name="environment") if "checked" in e.attributes]
    assert chosen.attributes["value"] == typed["environment"]


def test_an_account_is_kept_with_its_first_snapshot(
    cast: Cast, simulator: Simulator, browser: Client, typed: dict[str, str]
) -> None:
    simulator.holds(NAME, BTC=coins(2**200, 10**8))
    typed |= {"label": "  Pay   ments ", "api_secret": f" {typed['api_secret']}\r\n"}
    answer = browser.post(ADD, typed)
    account = Account.objects.get()
    assert answer.headers["Location"] == reverse("account", args=[account.uid])
    assert (account.label, account.organization, account.owner) == ("Pay ments", cast.fund, None)
    assert (account.environment, account.is_demo) == ("production", False)
    key, refresh = ApiKey.objects.get(), Refresh.objects.get()
    assert (key.key_id, key.created_by, refresh.asked_by) == (
        simulator.key(NAME)[0],
        cast.admin,
        cast.admin,
    )
    assert key.verified_at is not None
    assert (refresh.outcome, Snapshot.objects.get().observed_at) == ("fresh", refresh.observed_at)
    assert simulator.requests_of(NAME) > 0
    page = read(browser.get(answer.headers["Location"]))
    assert "Pay ments is added; its key answered." in page.text
    assert page.all("span", data_exact=f"{2**200 // 10**8}.{2**200 % 10**8:08}")


def test_a_personal_account_is_its_makers(
    cast: Cast, browser: Client, typed: dict[str, str]
) -> None:
    browser.post(ADD, typed | {"owner": "personal"})
    assert (Account.objects.get().owner, Account.objects.get().organization) == (cast.admin, None)


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ("not base64 at all!", "has to be Base64"),
        ("QUJDREVGR0hJSktMTU5PUA=", "has to be Base64"),
        ("", "required"),
        ("   ", "required"),
        ("A" * 1_000_000, "at most 4096 characters"),
        ("A" * 2_000, "too long"),
        ("QUJD\0REVG", "Null characters"),
        ("ÀÈÌ" * 20, "has to be Base64"),
        ("{{ secret }}<b>", "has to be Base64"),
    ],
)
def test_a_secret_that_is_none(
    browser: Client, typed: dict[str, str], simulator: Simulator, secret: str, words: str
) -> None:
    calls = simulator.requests_of(NAME)
    assert words in refused(browser, typed | {"api_secret": secret}, "api_secret", kept())
    assert simulator.requests_of(NAME) == calls


@pytest.mark.parametrize("key_id", ["two words", "a" * 129, "<b>", "", "ключ", "a" * 600, "a\0b"])
def test_a_key_id_that_is_none(browser: Client, typed: dict[str, str], key_id: str) -> None:
    refused(browser, typed | {"api_key": key_id}, "api_key", kept())


@pytest.mark.parametrize("standard", [True, False])
def test_a_secret_pasted_into_the_field_of_the_key_id_is_not_shown_either(
    browser: Client, typed: dict[str, str], *, standard: bool
) -> None:
    secret = typed["api_secret"]
    secret = secret if standard else secret.replace("+", "-").replace("/", "_").rstrip("=")
    answer = browser.post(ADD, typed | {"api_key": secret, "api_secret": typed["api_key"]})
    assert answer.status_code == 422
    assert secret not in answer.content.decode()


def test_a_wrong_secret_is_rejected_by_qredo(browser: Client, typed: dict[str, str]) -> None:
    wrong = typed | {"api_secret": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY"}
    text = refused(browser, wrong, "api_key", kept())
    assert "rejected the API key" in text
    assert "Check as well that key, secret and environment belong together." in text
    assert "Enter the secret again: it is never kept in a page." in text


def test_a_key_without_the_permission(
    browser: Client, typed: dict[str, str], simulator: Simulator
) -> None:
    key_id, secret = simulator.key("Spare without permission")
    text = refused(browser, typed | {"api_key": key_id, "api_secret": secret}, "api_key", kept())
    assert "lacks the permission Balances" in text


@contextmanager
def clock_set(simulator: Simulator, by: timedelta) -> Iterator[None]:
    def to(instant: datetime) -> None:
        simulator.admin("POST", "clock", now=instant.isoformat().replace("+00:00", "Z"))

    to(datetime.now(UTC) + by)
    try:
        yield
    finally:
        to(datetime.now(UTC))


@pytest.mark.parametrize(("seconds", "side"), [(600, "behind"), (-600, "ahead of")])
def test_a_clock_that_is_off_is_named_and_the_key_not_blamed(
    browser: Client, typed: dict[str, str], simulator: Simulator, seconds: int, side: str
) -> None:
    before = kept()
    with clock_set(simulator, timedelta(seconds=seconds)):
        answer = browser.post(ADD, typed)
    page = read(answer)
    assert (answer.status_code, kept()) == (422, before)
    assert page.has("div", id="form-errors")
    assert re.search(rf"clock is (599|60[01]) s {side} Qredo's", page.text)
    assert not page.all("ul", class_="field-error")
    assert_kept_in_the_form(page, typed, "")


def test_a_host_that_does_not_answer(browser: Client, typed: dict[str, str], settings: Any) -> None:
    settings.QREDO_GIVEN_URLS = {"production": "http://127.0.0.1:9/qapi/v1"}
    before, answer = kept(), browser.post(ADD, typed)
    page = read(answer)
    assert (answer.status_code, kept()) == (422, before)
    assert "127.0.0.1:9 took no connection" in page.text
    assert_kept_in_the_form(page, typed, "")


@pytest.mark.parametrize("fault", ["html200", "garbled", "redirect", "503"])
def test_an_answer_that_is_no_balance(
    browser: Client, typed: dict[str, str], simulator: Simulator, fault: str
) -> None:
    simulator.fails(NAME, fault)
    before, answer = kept(), browser.post(ADD, typed)
    assert (answer.status_code, kept()) == (422, before)
    assert_kept_in_the_form(read(answer), typed, "")


@pytest.mark.parametrize("label", ["Custody", "cUSTODY", " Custody  "])
def test_a_label_is_one_owners_once(
    custody: Account, browser: Client, typed: dict[str, str], label: str
) -> None:
    text = refused(browser, typed | {"label": label}, "label", kept())
    assert "Another account of this owner has this label." in text
    # Another owner's labels are nobody's business.
    assert browser.post(ADD, typed | {"label": label, "owner": "personal"}).status_code == 302
    assert Account.objects.exclude(pk=custody.pk).get().label == label.strip()


@pytest.mark.parametrize("odd", ["\u202e", "\u200b", "\x07", "\u2066", "\ufeff", "\ue000"])
def test_a_label_with_what_cannot_be_seen(browser: Client, typed: dict[str, str], odd: str) -> None:
    text = refused(browser, typed | {"label": f"Pay{odd}ments"}, "label", kept())
    assert f"U+{ord(odd):04X}" in text


@pytest.mark.parametrize("label", ["", "   ", "a" * 81, "Pay\0ments"])
def test_a_label_that_is_none(browser: Client, typed: dict[str, str], label: str) -> None:
    typed |= {"label": label}
    answer = browser.post(ADD, typed)
    assert read(answer).has("ul", id="id_label_error")
    assert not Account.objects.exists()


def test_a_key_that_this_owner_has_already(
    cast: Cast, simulator: Simulator, browser: Client, typed: dict[str, str]
) -> None:
    props.enrolled(simulator.key(NAME), "Payroll", cast.fund)
    text = refused(browser, typed, "api_key", kept())
    assert "in use already, for the account Payroll" in text


def test_a_key_that_a_stranger_has_is_no_news(
    cast: Cast, simulator: Simulator, browser: Client, typed: dict[str, str]
) -> None:
    props.enrolled(simulator.key(NAME), "Payroll", cast.other)
    assert browser.post(ADD, typed).status_code == 302


def test_sent_twice_it_is_done_once(
    browser: Client, typed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    test_key, second = enrolment.test_key, []

    def overtaken(candidate: enrolment.Candidate) -> Any:
        monkeypatch.setattr(enrolment, "test_key", test_key)
        second.append(browser.post(ADD, typed))
        return test_key(candidate)

    monkeypatch.setattr(enrolment, "test_key", overtaken)
    first = browser.post(ADD, typed)
    assert (second[0].status_code, first.status_code) == (302, 422)
    assert read(first).has("ul", id="id_label_error")
    assert kept() == (1, 1, 1, 1, 1, 1)
    assert browser.post(ADD, typed).status_code == 422
    assert kept() == (1, 1, 1, 1, 1, 1)


def test_the_form_is_empty_at_first(browser: Client, cast: Cast) -> None:
    page = read(browser.get(ADD))
    owners = [option.attributes["value"] for option in page.all("option")]
    assert owners == [str(cast.fund.uid), "personal"]
    assert {page.values()[name] for name in ("label", "api_key", "api_secret")} == {""}
    assert page.one("input", id="id_api_secret").attributes["autocomplete"] == "off"
    assert page.has("form", data_busy="Testing the key…")


def test_an_answer_that_cannot_be_stored_leaves_nothing_behind(
    browser: Client, typed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("balances.polling.refreshes.record_answer", broken)
    before = kept()
    browser.raise_request_exception = False
    assert browser.post(ADD, typed).status_code == 500
    assert kept() == before
