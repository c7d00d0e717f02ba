"""A server that takes a request and never answers: the page stops waiting, and says so."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from accounts.models import Account
from tests.browser.conftest import Visit
from tests.browser.world import World

#: What a reader waits for at most, in milliseconds.
BEARABLE = range(5_000, 30_001)
#: Notes how long the page means to wait for what it fetches, and waits shortly.
SHORTENED = """(() => {
    const within = AbortSignal.timeout.bind(AbortSignal);
    window.waits = [];
    AbortSignal.timeout = (ms) => (window.waits.push(ms), within(300));
})()"""
PATIENT = "AbortSignal.timeout = () => new AbortController().signal; htmx.config.timeout = 0"


@pytest.fixture
def page(treasurer: Visit) -> Iterator[Page]:
    yield treasurer.page
    treasurer.complaints[:] = [text for text in treasurer.complaints if "htmx:" not in text]


def never(route: Route) -> None:
    """Take a request and leave it."""


def shorten(page: Page) -> None:
    """Let htmx wait shortly; until then it would have waited for a bearable time."""
    assert page.evaluate("htmx.config.timeout") in BEARABLE
    page.evaluate("htmx.config.timeout = 300")


def test_a_choice_goes_back_and_can_be_tried_again(page: Page, treasurer: Visit) -> None:
    treasurer.go()
    treasurer.drawn()
    shorten(page)
    chosen = page.locator(".chart-ranges [aria-current=true]").first.inner_text()
    page.route("**/?*range=24h*", never)
    page.get_by_role("link", name="24H", exact=True).click()
    line = page.locator("#failed-line")
    expect(line).to_contain_text("Your choice is not shown: the server takes too long")
    expect(page.locator(".chart-ranges [aria-current=true]").first).to_have_text(chosen)
    expect(page.locator("#main")).not_to_have_attribute("aria-busy", "true")
    page.unroute_all()
    page.evaluate(PATIENT)
    line.get_by_role("button", name="Try again").click()
    expect(page.locator(".chart-ranges [aria-current=true]").first).to_have_text("24H")
    expect(line).to_be_hidden()


def test_figures_without_news_say_that_they_are_not_live(page: Page, treasurer: Visit) -> None:
    treasurer.go()
    treasurer.drawn()
    shorten(page)
    figures = page.locator(".headline-figure").inner_text()
    page.route("**/overview/figures/**", never)
    page.evaluate("htmx.trigger('#figures', 'refresh')")
    expect(page.locator("#live-line")).to_contain_text("Not live")
    assert page.locator(".headline-figure").inner_text() == figures


def test_a_refresh_does_not_turn_for_ever(page: Page, treasurer: Visit, world: World) -> None:
    treasurer.go(f"/accounts/{world.custody.uid}/")
    treasurer.drawn()
    shorten(page)
    page.route("**/refresh/", never)
    page.locator("#refresh-now").click()
    line = page.locator("#failed-line")
    expect(line).to_contain_text("Not refreshed: the server takes too long")
    expect(page.locator("#refresh-now .spin")).to_have_count(0)


def test_a_chart_says_that_it_could_not_be_loaded(page: Page, treasurer: Visit) -> None:
    page.add_init_script(SHORTENED)
    page.route("**/series/**", never)
    treasurer.go()
    said = page.locator(".chart-status")
    expect(said).to_contain_text("The history could not be loaded.")
    assert all(wait in BEARABLE for wait in page.evaluate("waits"))
    page.unroute_all()
    page.evaluate(PATIENT)
    said.get_by_role("button", name="Try again").click()
    treasurer.drawn()


def test_a_form_is_not_sent_and_keeps_what_was_typed(
    page: Page, treasurer: Visit, world: World
) -> None:
    treasurer.go(f"/accounts/{world.custody.uid}/edit/")
    page.evaluate(SHORTENED)
    page.route("**/session/**", never)
    label = page.locator("input[name=label]")
    label.fill("Typed and kept")
    label.press("Enter")
    expect(page.locator("#session-line")).to_contain_text("Not sent: the server does not answer")
    assert all(wait in BEARABLE for wait in page.evaluate("waits"))
    expect(label).to_have_value("Typed and kept")
    assert not Account.objects.filter(label="Typed and kept").exists()
