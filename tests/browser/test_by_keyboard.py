"""Counting, rejected keys and narrowing, by keyboard alone."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from playwright.sync_api import expect

from accounts.models import ApiKey, Environment, Organization, Tag
from balances.lifecycle import keys, ownership, pausing
from balances.models import Incident, Schedule
from balances.polling import schedules
from balances.polling.pacing.key_backoff import HOUR_SECONDS
from tests.browser.conftest import Visit
from tests.browser.test_people import tab_to
from tests.browser.world import World
from tests.support import props

CHOSEN = "document.querySelector('main form').elements.counted.value"


@pytest.fixture
def tagged(world: World) -> Iterator[str]:
    tag = Tag.objects.create(account=world.trading, name="keyboard")
    yield tag.name
    tag.delete()


def test_accounts_are_narrowed_and_widened_again(treasurer: Visit, tagged: str) -> None:
    page = treasurer.go("/accounts/")
    expect(page.locator("tr.lead", has_text="Custody")).to_have_count(1)
    tab_to(page, "#narrow select[name=tag]")
    page.keyboard.type(tagged[:3])
    page.keyboard.press("Enter")
    page.wait_for_url(f"**tag={tagged}**")
    expect(page.locator("tr.lead", has_text="Custody")).to_have_count(0)
    expect(page.locator("tr.lead", has_text="Trading")).to_have_count(1)
    tab_to(page, "#narrow a")
    page.keyboard.press("Enter")
    expect(page.locator("tr.lead", has_text="Custody")).to_have_count(1)


def test_an_account_is_searched_for_from_any_page(treasurer: Visit, world: World) -> None:
    page = treasurer.go("/profile/")
    page.keyboard.press("/")
    page.keyboard.type("custo")
    expect(page.locator("#found a")).to_have_text(["Custody · Fund"])
    expect(page.locator("#said")).to_have_text("1 found")
    page.keyboard.press("Escape")
    expect(page.locator("#found a")).to_have_count(0)
    page.keyboard.type("custod")
    expect(page.locator("#found a")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/accounts/{world.custody.uid}/")


def test_keys_are_listed_and_do_nothing_in_a_field(treasurer: Visit) -> None:
    page = treasurer.go("/accounts/add/")
    page.keyboard.press("?")
    expect(page.locator("#key-list")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#key-list")).to_be_hidden()
    page.get_by_label("Label").press_sequentially("a/b?")
    expect(page.get_by_label("Label")).to_have_value("a/b?")
    expect(page.locator("#key-list")).to_be_hidden()


def test_single_keys_can_be_turned_off(treasurer: Visit) -> None:
    page = treasurer.go("/profile/")
    page.keyboard.press("?")
    page.get_by_label("/ and ? work").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("?")
    page.keyboard.press("/")
    expect(page.locator("#key-list")).to_be_hidden()
    expect(page.locator("#search")).not_to_be_focused()
    tab_to(page, "summary[aria-label='Your menu']")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("/ and ? work").check()
    page.keyboard.press("/")  # leaves the list
    expect(page.locator("#key-list")).to_be_hidden()
    expect(page.locator("#search")).to_be_focused()


def test_an_account_is_made_to_count_no_more_and_to_count_again(
    treasurer: Visit, world: World
) -> None:
    where = f"/accounts/{world.trading.uid}/counting/"
    for wanted, told in (("no", "does not count"), ("yes", "counts in totals")):
        page = treasurer.go(where)
        tab_to(page, "[name=counted]")
        while page.evaluate(CHOSEN) != wanted:
            page.keyboard.press("ArrowDown")
        tab_to(page, "main form button[type=submit]")
        page.keyboard.press("Enter")
        expect(page.locator(".message").first).to_be_visible()
        treasurer.go(where)
        expect(page.locator("#decide h2")).to_contain_text(told)
    assert ownership.owned_since(world.trading) < datetime.now(UTC)


@pytest.fixture
def rejected(world: World) -> Iterator[UUID]:
    """An incident of two accounts that nobody polls meanwhile."""
    fund = Organization.objects.get(name="Fund")
    made = [
        props.enrolled(
            world.simulator.key(name), f"Rejected {name}", fund, environment=Environment.PRODUCTION
        )
        for name in ("Collateral", "Settlement")
    ]
    schedules.add_missing(made)
    told = {"last_reason": "key_rejected", "interval_seconds": HOUR_SECONDS}
    Schedule.objects.filter(account__in=made).update(**told)
    incident = Incident.objects.create(
        organization=fund, environment="production", kind="key_rejected", began_at=datetime.now(UTC)
    )
    yield incident.uid
    incident.delete()
    for account in made:
        keys.revoke_key(account, by=None)
        pausing.archive(account, by=None)


def test_one_of_two_rejected_keys_is_replaced(
    treasurer: Visit, world: World, rejected: UUID
) -> None:
    key, secret = world.simulator.key("Cold storage")
    page = treasurer.go(f"/incidents/{rejected}/")
    tab_to(page, "[name$=api_key]")
    page.keyboard.type(key)
    tab_to(page, "[name$=api_secret]")
    page.keyboard.type(secret)
    page.keyboard.press("Enter")
    expect(page.locator(".message").first).to_contain_text("has a new API key; it answered.")
    active = ApiKey.objects.filter(account__label__startswith="Rejected", replaced_at=None)
    assert [one.key_id for one in active].count(key) == 1
