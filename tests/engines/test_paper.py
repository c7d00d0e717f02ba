"""Paper: Firefox prints the chart, and every amount in one line."""

import base64
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from selenium.webdriver.common.print_page_options import PrintOptions

from tests.browser.world import World
from tests.engines.conftest import Engine

#: As many digits as millions with 18 places have, as less than one in flight, and more.
LONG = ("2,495,379.514763267384939469", "0.463370716268222793")
LONGER = ("2,495,379,514,763.267384939469123456", "12,463,370.716268222793123456")
LENGTHEN = """
    const [held, flying, kind] = arguments;
    for (const row of document.querySelectorAll(".statement-table tbody tr")) {
        [...row.querySelectorAll(".amount")].forEach((amount, i) => {
            amount.textContent = i < 2 ? held : flying;
            amount.className = `amount ${kind}`;
        });
    }
    return document.querySelectorAll(".statement-table tbody tr").length;
"""


@pytest.fixture
def printer(engine: Engine) -> Engine:
    if engine.name != "firefox":
        pytest.skip("WebKit's driver cannot print")
    engine.sized(1440)
    engine.sign_in()
    return engine


def printed(engine: Engine) -> PdfReader:
    options = PrintOptions()
    options.page_width, options.page_height = 21.0, 29.7
    return PdfReader(BytesIO(base64.b64decode(engine.driver.print_page(options))))


def drawings(paper: PdfReader) -> list[bytes]:
    """Return what is not transparent of each picture, a byte a pixel."""
    found = []
    for page in paper.pages:
        resources: Any = page["/Resources"]
        for one in (resources.get("/XObject") or {}).values():
            picture = one.get_object()
            mask = picture.get("/SMask")
            if mask is not None and picture["/Width"] > 300:
                found.append(mask.get_object().get_data())
    return found


def test_a_chart_is_on_paper(printer: Engine, world: World) -> None:
    compared = f"/compare/?by=accounts&a={world.custody.uid}&b={world.trading.uid}&asset=BTC"
    for path in ("/?asset=ETH", f"/accounts/{world.custody.uid}/", "/asset/?asset=BTC", compared):
        printer.go(path)
        # A line across the page is more than this; an empty canvas is nothing.
        inked = [sum(1 for one in mask if one) for mask in drawings(printed(printer))]
        assert inked, f"{path} has no picture"
        assert max(inked) > 1000, path


@pytest.mark.parametrize(("held", "flying", "kind"), [(*LONG, ""), (*LONGER, "is-long")])
def test_a_statement_breaks_no_amount(printer: Engine, held: str, flying: str, kind: str) -> None:
    printer.go("/reports/")
    printer.click("button[name=at]")
    printer.until("return document.querySelector('.statement-table') !== null")
    rows = printer.js(LENGTHEN, held, flying, kind)
    lines = [line for page in printed(printer).pages for line in page.extract_text().splitlines()]
    for amount in (held, flying):
        assert sum(line.count(amount) for line in lines) == 2 * rows
    assert any("BTC" in line for line in lines)
