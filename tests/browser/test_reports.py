"""Statements in a real browser: asked for, shown, printed, taken away and checked."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.support.evidence.statements import VERIFIER


def shown(visit: Visit) -> Page:
    """Ask for the statement of yesterday's end, as somebody at month end would."""
    page = visit.go()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Reports").click()
    page.get_by_role("button", name="End of yesterday").click()
    expect(page.get_by_role("heading", name="Statement of balances")).to_be_visible()
    return page


def test_a_statement_is_taken_away_and_checked_by_what_the_page_gives(
    treasurer: Visit, tmp_path: Path
) -> None:
    page = shown(treasurer)
    for name in ("JSON with evidence", "Verifier"):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        download.value.save_as(tmp_path / name)
    assert (tmp_path / "Verifier").read_bytes() == VERIFIER.read_bytes()
    paths = [str(tmp_path / name) for name in ("Verifier", "JSON with evidence")]
    command = [sys.executable, "-I", *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads((tmp_path / "JSON with evidence").read_text(encoding="utf-8"))
    expect(page.get_by_text(told["figures"])).to_be_visible()
    # Other tests leave accounts of theirs in this world.
    assert {"Custody", "Trading"} <= {one["label"] for one in told["accounts"]}


def test_a_day_or_a_time_is_asked_for_and_an_error_stands_at_the_field(treasurer: Visit) -> None:
    page = treasurer.go("/reports/")
    page.get_by_label("Cut-off, the end of").fill("2099-01-01")
    page.get_by_role("button", name="Show the statement").click()
    expect(page.locator("#id_at_error")).to_contain_text("has not come yet")
    expect(page.get_by_label("Cut-off, the end of")).to_have_value("2099-01-01")
    page.get_by_label("Cut-off, the end of").fill("2020-01-01")
    page.get_by_label("or a time of that day").fill("10:30")
    page.get_by_role("button", name="Show the statement").click()
    expect(page.get_by_text("2020-01-01 10:30:00 UTC", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(r"[1-9] unknown")).first).to_be_visible()
    treasurer.excuse("422")


#: As many digits as millions with 18 places have, and as less than one in flight.
LONG = ("2,495,379.514763267384939469", "0.463370716268222793")
LENGTHEN = """([held, flying]) => {
    for (const row of document.querySelectorAll(".statement-table tbody tr")) {
        [...row.querySelectorAll(".amount")].forEach((amount, i) => {
            amount.textContent = i < 2 ? held : flying;
        });
    }
    return [...document.querySelectorAll(".statement-table .amount")]
        .filter((amount) => amount.getClientRects()[0].height > 20).length;
}"""


def test_on_paper_an_amount_with_all_its_places_is_one_line(treasurer: Visit) -> None:
    page = shown(treasurer)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 688, "height": 1000})  # A4 less its margins
    assert page.evaluate(LENGTHEN, LONG) == 0


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_both_pages_are_as_wide_as_the_window(treasurer: Visit, width: int) -> None:
    treasurer.page.set_viewport_size({"width": width, "height": 900})
    treasurer.go("/reports/")
    assert treasurer.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page = treasurer.go("/reports/statement/?at=2020-01-01T00:00:00Z")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.goto(f"{treasurer.site}/reports/?date={page.evaluate(YESTERDAY)}")
    expect(page.locator(".statement-table .amount").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


YESTERDAY = "new Date(Date.now() - 86400e3).toISOString().slice(0, 10)"


def test_on_paper_there_are_figures_and_no_buttons(treasurer: Visit) -> None:
    page = shown(treasurer)
    amount = page.locator(".statement-table .amount").first
    whole = amount.inner_text()
    page.emulate_media(media="print")
    expect(page.get_by_role("link", name="JSON with evidence")).to_be_hidden()
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(amount).to_be_visible()
    assert amount.inner_text() == whole
    # A4 less its margins, at 96 points an inch: nothing is cut off at the side.
    page.set_viewport_size({"width": 687, "height": 970})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
