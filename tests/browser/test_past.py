"""Pages of the past in a real browser: what was chosen goes along to other instants."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.browser.conftest import Visit


def test_what_is_chosen_stays_chosen_on_the_way_back_to_now(treasurer: Visit) -> None:
    then = datetime.now(UTC) - timedelta(hours=2)
    page = treasurer.go(f"/?at={then:%Y-%m-%dT%H:%M:%SZ}")
    page.get_by_role("link", name="30D").click()
    expect(page).to_have_url(re.compile("range=30d"))
    page.get_by_role("link", name="A day before").click()
    expect(page).to_have_url(re.compile("range=30d.*at="))
    page.get_by_role("link", name="Back to now").click()
    expect(page).to_have_url(re.compile("range=30d"))
    expect(page.locator("#band")).to_have_count(0)


def test_what_is_chosen_stays_chosen_on_the_way_to_the_past(treasurer: Visit) -> None:
    page = treasurer.go()
    page.get_by_role("link", name="30D").click()
    expect(page).to_have_url(re.compile("range=30d"))
    page.get_by_label("Show this page as of an instant of the past").click()
    yesterday = datetime.now(UTC) - timedelta(days=1)
    page.locator("#as-of-date").fill(f"{yesterday:%Y-%m-%d}")
    page.locator("#as-of-form").get_by_role("button", name="Show").click()
    expect(page.locator("#band")).to_be_visible()
    expect(page).to_have_url(re.compile("range=30d"))


def test_downloads_stand_clear_of_the_table_on_a_phone(treasurer: Visit) -> None:
    treasurer.page.set_viewport_size({"width": 390, "height": 900})
    page = treasurer.go()
    words = page.locator("#chart-table summary").bounding_box()
    links = page.locator(".chart-downloads").bounding_box()
    assert words is not None
    assert links is not None
    assert words["y"] + words["height"] <= links["y"]


def test_the_form_of_an_instant_is_all_on_the_screen_of_a_phone(treasurer: Visit) -> None:
    treasurer.page.set_viewport_size({"width": 390, "height": 900})
    page = treasurer.go("/pending/")
    page.get_by_label("Show this page as of an instant of the past").click()
    for field in page.locator("#as-of-form :is(label, input, button)").all():
        box = field.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_on_paper_tables_are_whole(treasurer: Visit) -> None:
    """A4 without its margins is as wide as a small screen, where tables fold."""
    treasurer.page.set_viewport_size({"width": 718, "height": 1000})
    then = datetime.now(UTC) - timedelta(minutes=1)
    for path, column in (
        ("/", "Pending out"),
        ("/history/", "Snapshot"),
        ("/asset/?asset=ETH", "Share"),
        ("/pending/", "State"),
    ):
        at = f"{'&' if '?' in path else '?'}at={then:%Y-%m-%dT%H:%M:%SZ}"
        page = treasurer.go(path + at)
        page.emulate_media(media="print")
        head = page.get_by_role("columnheader", name=column).first.bounding_box()
        assert head is not None, path
        assert head["width"] > 20, path
        assert head["x"] + head["width"] <= 719, path
