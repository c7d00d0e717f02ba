"""Signing in, adding an account by keyboard alone, an expired session, no JavaScript."""

from typing import Any

from playwright.sync_api import Page, expect

from accounts.models import Account
from balances.lifecycle import pausing
from tests.browser.conftest import Visit
from tests.browser.world import World
from tests.support import props

EXACT_ETH = "1,234.567890123456789012 ETH"


def test_a_person_signs_in_and_sees_figures_and_how_whole_they_are(visitor: Visit) -> None:
    page = visitor.sign_in("treasurer", "/?asset=ETH")
    expect(page).to_have_url(f"{visitor.site}/?asset=ETH")
    headline = page.locator(".headline-figure .amount")
    expect(headline).to_have_text("1,234.56789012…")
    expect(headline).to_have_attribute("title", EXACT_ETH)
    expect(page.locator(".coverage")).to_contain_text("2 of 2 fresh")
    expect(page.locator('[id="row-production:BTC"] .total')).to_have_text("317.40918273")


def test_after_a_wrong_password_it_is_typed_again_at_once(visitor: Visit) -> None:
    page = visitor.go("/sign-in/")
    page.get_by_label("E-mail").fill("walker@example.com")
    page.get_by_label("Password").fill("not this one")
    page.keyboard.press("Enter")
    expect(page.locator("#form-errors")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value("walker@example.com")
    expect(page.get_by_label("Password")).to_be_focused()


def test_somebody_without_accounts_is_told_what_one_needs(visitor: Visit) -> None:
    page = visitor.sign_in("newcomer")
    expect(page.locator(".empty")).to_contain_text("No accounts yet.")
    expect(page.get_by_role("link", name="Add an account")).to_be_visible()
    expect(page.locator(".amount")).to_have_count(0)


def test_a_viewer_is_offered_nothing_that_needs_a_role(visitor: Visit, world: World) -> None:
    page = visitor.sign_in("viewer", f"/accounts/{world.custody.uid}/")
    visitor.drawn()
    expect(page.locator(".actions button, .actions summary")).to_have_count(0)
    page = visitor.go("/accounts/")
    expect(page.locator("[data-refresh]")).to_have_count(0)


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element has the focus, as somebody without a mouse does."""
    for _ in range(40):
        if page.evaluate("s => document.activeElement?.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no way by keyboard to {selector}")


def test_an_account_is_added_by_keyboard_alone_after_a_wrong_key(
    treasurer: Visit, world: World
) -> None:
    key, secret = world.simulator.key("Reserve")
    _, other_secret = world.simulator.key("Collateral")
    page = treasurer.go("/accounts/add/")
    tab_to(page, "[name=label]")
    page.keyboard.type("Reserve")
    for told, wanted in ((other_secret, None), (secret, "Reserve is added")):
        tab_to(page, "[name=api_key]")
        page.keyboard.press("Control+a")
        page.keyboard.type(key)
        tab_to(page, "[name=api_secret]")
        page.keyboard.type(told)
        page.keyboard.press("Enter")
        if wanted is None:
            expect(page.locator(".message-error, .field-error").first).to_be_visible()
            expect(page.locator("[name=api_key]")).to_be_focused()
            expect(page.locator("[name=label]")).to_have_value("Reserve")
            expect(page.locator("[name=api_secret]")).to_have_value("")
            assert told not in page.content()
            assert not Account.objects.filter(label="Reserve").exists()
    expect(page.locator(".message")).to_contain_text("Reserve is added; its key answered.")
    expect(page.locator("h1")).to_contain_text("Reserve")
    expect(page.locator(".account-state")).to_contain_text("Fresh")
    treasurer.excuse("422")
    pausing.archive(Account.objects.get(label="Reserve"), by=world.treasurer)


def test_an_expired_session_leads_to_a_whole_sign_in_page_and_back(visitor: Visit) -> None:
    page = visitor.sign_in("treasurer", "/?asset=ETH&range=24h")
    visitor.drawn()
    visitor.context.clear_cookies()
    page.evaluate("htmx.trigger('#figures', 'refresh')")
    page.wait_for_url("**/sign-in/**")
    expect(page.locator(".headline")).to_have_count(0)
    page.get_by_label("E-mail").fill("treasurer@example.com")
    page.get_by_label("Password").fill(props.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{visitor.site}/?asset=ETH&range=24h")
    expect(page.locator(".headline-figure .amount")).to_have_attribute("title", EXACT_ETH)


def test_without_javascript_all_but_the_drawing_works(new_visit: Any, world: World) -> None:
    visit: Visit = new_visit(java_script_enabled=False)
    page = visit.sign_in("treasurer", "/?asset=ETH")
    expect(page.locator(".chart-holder")).to_be_hidden()
    page.get_by_text("Same numbers as a table").click()
    expect(page.locator(".figures-series tbody tr").first).to_be_visible()
    # A row opens by its link, and opens again beside the next one.
    for key in ("production:ETH", f"account:{world.custody.uid}"):
        row = page.locator(f'[id="row-{key}"]')
        row.locator("summary").click()
        page.locator(f'[id="parts-{key}"]').get_by_role("link", name="Show").click()
        expect(page.locator(f'[id="parts-{key}"] .amount').first).to_be_visible()
    shown = page.locator('[id="parts-production:ETH"]')
    expect(shown).to_contain_text("Custody")
    expect(shown.locator(".total .amount")).to_have_attribute(
        "title", EXACT_ETH.removesuffix(" ETH")
    )
    page.get_by_role("link", name="Custody").first.click()
    page.get_by_role("button", name="Refresh now").click()
    expect(page.locator(".refresh-note")).to_contain_text("Refreshing")
    world.works()
    visit.go(f"/accounts/{world.custody.uid}/")
    expect(page.locator(".refresh-note")).to_contain_text("Refreshed")


def test_an_invitation_link_is_copied_by_its_button(treasurer: Visit, world: World) -> None:
    treasurer.context.grant_permissions(["clipboard-read", "clipboard-write"])
    fund = world.custody.organization
    assert fund is not None
    page = treasurer.go(f"/organizations/{fund.uid}/members/")
    page.get_by_label("E-mail").fill("guest@example.com")
    page.get_by_role("button", name="Make a link").click()
    page.get_by_role("button", name="Copy the link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.locator("#invitation-link").inner_text()
    assert page.evaluate("navigator.clipboard.readText()") == link
    page.get_by_role("button", name="Withdraw the invitation of guest@example.com").click()
    expect(page.get_by_text("guest@example.com", exact=True)).to_have_count(0)
