"""Requests of a page that fail: it says so, offers a way on, and shows what it says it shows."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Route, expect

from accounts.labels import relabel
from balances.models import Refresh
from tests.browser.conftest import Visit
from tests.browser.world import World
from tests.support import props

Fail = Callable[[Route], None]
FOREIGN = "<html><body><h1>Welcome to the hotel</h1></body></html>"


def cut(route: Route) -> None:
    route.abort()


def status(code: int) -> Fail:
    return lambda route: route.fulfill(status=code, body="")


def foreign(route: Route) -> None:
    route.fulfill(status=200, content_type="text/html", body=FOREIGN)


FAILURES = [
    pytest.param(cut, "does not answer", id="no network"),
    pytest.param(status(403), "may not do this", id="403"),
    pytest.param(status(404), "not there any more", id="404"),
    pytest.param(status(405), "does not take it", id="405"),
    pytest.param(status(429), "too many requests", id="429"),
    pytest.param(status(503), "HTTP 503", id="503"),
    pytest.param(foreign, "none of this program", id="another answer"),
]


@pytest.fixture
def tag(world: World) -> Iterator[str]:
    """A tag of one account of two, which a filter can choose."""
    relabel(world.custody, "Custody", ["cold"], by=world.treasurer)
    yield "cold"
    relabel(world.custody, "Custody", [], by=world.treasurer)


@pytest.mark.parametrize(("fail", "reason"), FAILURES)
def test_a_filter_that_fails_goes_back_and_can_be_tried_again(
    treasurer: Visit, tag: str, fail: Fail, reason: str
) -> None:
    page = treasurer.go()
    chosen = page.locator("select[name=tag]")
    before = chosen.input_value()
    headline = page.locator(".headline-figure").inner_text()
    page.route("**/?*tag=*", fail)
    chosen.select_option(label=tag)
    line = page.get_by_role("alert").filter(has_text="Your choice is not shown")
    expect(line).to_contain_text(reason)
    assert chosen.input_value() == before
    assert page.locator(".headline-figure").inner_text() == headline
    assert "tag=" not in page.url
    page.unroute_all()
    line.get_by_role("button", name="Try again").click()
    page.wait_for_url("**tag=cold**")
    expect(line).to_be_hidden()
    expect(chosen.locator("option:checked")).to_have_text(tag)
    _excuse(treasurer)


@pytest.mark.parametrize(("fail", "reason"), [FAILURES[0], FAILURES[5], FAILURES[6]])
def test_a_pill_that_fails_is_said(treasurer: Visit, fail: Fail, reason: str) -> None:
    page = treasurer.go()
    treasurer.drawn()
    chosen = page.locator(".chart-ranges [aria-current=true]").first.inner_text()
    page.route("**/?*range=24h*", fail)
    page.get_by_role("link", name="24H", exact=True).click()
    expect(page.locator("#failed-line")).to_contain_text(reason)
    expect(page.locator(".chart-ranges [aria-current=true]").first).to_have_text(chosen)
    page.unroute_all()
    page.locator("#failed-line").get_by_role("button", name="Try again").click()
    expect(page.locator(".chart-ranges [aria-current=true]").first).to_have_text("24H")
    expect(page.locator("#failed-line")).to_be_hidden()
    _excuse(treasurer)


@pytest.mark.parametrize(("fail", "reason"), FAILURES[:6])
def test_a_refresh_that_fails_stands_still_and_is_said(
    treasurer: Visit, world: World, fail: Fail, reason: str
) -> None:
    page = treasurer.go(f"/accounts/{world.custody.uid}/")
    treasurer.drawn()
    page.route("**/refresh/", fail)
    page.locator("#refresh-now").click()
    expect(page.locator("#failed-line")).to_contain_text("Not refreshed")
    expect(page.locator("#failed-line")).to_contain_text(reason)
    expect(page.locator("#refresh-now .spin")).to_have_count(0)
    _excuse(treasurer)


def test_a_refresh_says_why_the_server_asks_for_none(treasurer: Visit, world: World) -> None:
    page = treasurer.go(f"/accounts/{world.trading.uid}/")
    treasurer.drawn()
    page.route(
        "**/refresh/",
        lambda route: route.fulfill(status=409, content_type="text/plain", body="It is paused."),
    )
    page.locator("#refresh-now").click()
    expect(page.locator("#failed-line")).to_contain_text("Not refreshed: It is paused.")
    _excuse(treasurer)


def test_a_search_that_fails_is_said_where_it_was_typed(treasurer: Visit) -> None:
    page = treasurer.go()
    page.route("**/search/found/**", cut)
    page.locator("#search").fill("Cust")
    expect(page.locator("#found")).to_contain_text("Could not be searched")
    page.unroute_all()
    page.locator("#found").get_by_role("button", name="Try again").click()
    expect(page.locator("#found")).to_contain_text("Custody")
    _excuse(treasurer)


def test_figures_are_never_replaced_by_an_answer_of_something_else(treasurer: Visit) -> None:
    page = treasurer.go()
    treasurer.drawn()
    figures = page.locator(".headline-figure").inner_text()
    page.route("**/overview/figures/**", foreign)
    page.evaluate("htmx.trigger('#figures', 'refresh')")
    expect(page.locator("#live-line")).to_contain_text("Not live")
    assert page.locator(".headline-figure").inner_text() == figures
    expect(page.get_by_text("hotel")).to_have_count(0)
    _excuse(treasurer)


def test_a_row_that_opens_into_something_else_is_said(treasurer: Visit) -> None:
    page = treasurer.go()
    page.route("**/overview/asset/**", foreign)
    page.locator('[id="row-production:BTC"] summary').click()
    parts = page.locator('[id="parts-production:BTC"]')
    expect(parts).to_contain_text("Could not be loaded")
    page.unroute_all()
    parts.get_by_role("button", name="Try again").click()
    expect(parts.locator(".total").first).to_have_text("312.40918273")
    _excuse(treasurer)


def test_an_answer_about_the_choice_before_does_not_replace_the_present_one(
    treasurer: Visit, tag: str
) -> None:
    page = treasurer.go()
    treasurer.drawn()
    held: list[Route] = []
    page.route("**/overview/figures/**", lambda route: held.append(route))  # noqa: PLW0108 - it takes no built-in
    with page.expect_request("**/overview/figures/**"):
        page.evaluate("htmx.trigger('#figures', 'refresh')")
    page.locator("select[name=tag]").select_option(label=tag)
    page.wait_for_url("**tag=cold**")
    figures = page.locator("#figures")
    path = figures.get_attribute("hx-get")
    for route in held:
        route.continue_()
    page.unroute_all()
    page.wait_for_function("!document.querySelector('#figures.htmx-request')")
    assert "tag=" in (path or "")
    assert "tag=" in (figures.get_attribute("hx-get") or "")


def test_a_tab_from_before_another_sign_in_refreshes(visitor: Visit, world: World) -> None:
    page = visitor.sign_in("treasurer", f"/accounts/{world.custody.uid}/")
    visitor.drawn()
    page.context.clear_cookies()
    other = visitor.context.new_page()
    other.goto(visitor.site + "/")
    other.get_by_label("E-mail").fill("treasurer@example.com")
    other.get_by_label("Password").fill(props.PASSWORD)
    other.keyboard.press("Enter")
    other.wait_for_selector(".top-nav")
    before = Refresh.objects.count()
    page.bring_to_front()
    with page.expect_response("**/refresh/") as answer:
        page.locator("#refresh-now").click()
    assert answer.value.status == 204
    assert Refresh.objects.count() == before + 1
    world.works()


def _excuse(visit: Visit) -> None:
    """Take away what the browser and htmx say of failures that were made here."""
    visit.complaints[:] = [
        text
        for text in visit.complaints
        if not any(
            word in text for word in ("ERR_FAILED", "htmx:", "Failed to load", "Response Status")
        )
    ]
