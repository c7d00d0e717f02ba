"""The audit page in a real browser: acts open in place, limits are kept in the address."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit


def test_an_act_opens_in_place_into_what_its_link_stands_for(treasurer: Visit) -> None:
    page = treasurer.go()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Audit").click()
    expect(page.get_by_role("heading", name="Audit log")).to_be_visible()
    act = page.locator(".acts li").filter(has_text="Signed in").first
    expect(act.get_by_text("Number in this log")).to_be_hidden()
    act.locator("summary").click()
    expect(act.get_by_text("Number in this log")).to_be_visible()
    expect(act.get_by_text("person", exact=False).first).to_be_visible()


def test_a_limit_is_part_of_the_address_and_of_the_files(treasurer: Visit) -> None:
    page = treasurer.go("/audit/")
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("Act", exact=True).select_option("account.added")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**act=account.added**")
    labels = page.locator(".act-what b").all_inner_texts()
    assert set(labels) == {"Account added"}
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    text = download.value.path().read_text(encoding="utf-8")
    assert text.count("account.added") == len(labels) == 2


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_a_page_is_as_wide_as_the_window(treasurer: Visit, width: int) -> None:
    treasurer.page.set_viewport_size({"width": width, "height": 900})
    page = treasurer.go("/audit/?person=treasurer")
    for summary in page.locator(".acts summary").all()[:3]:
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_who_oversees_nothing_finds_their_activity_in_their_menu(visitor: Visit) -> None:
    page = visitor.sign_in("viewer")
    expect(page.get_by_role("link", name="Audit", exact=True)).to_have_count(0)
    page.get_by_label("Your menu").click()
    page.get_by_role("link", name="Your activity").click()
    expect(page.locator(".act-what b").first).to_have_text("Signed in")
