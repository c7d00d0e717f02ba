#!/usr/bin/env python3
"""Take `docs/overview.png` of a demo that runs: `docs/screenshot.py ADDRESS DATA_DIR`.

The demo is started by `manage.py serve`; its password lies in its DATA_DIR. Rerun when the overview
looks different.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import FloatRect, Page, sync_playwright

PICTURE = Path(__file__).with_name("overview.png")
#: The most that a README should make its readers load.
MOST_BYTES = 250_000
PERSON, RANGE = "treasurer@demo.example", "30d"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")


def main(address: str, data_dir: str) -> int:
    """Sign in, wait for the chart, open one row, take the picture."""
    password = (Path(data_dir) / "demo-password").read_text(encoding="utf-8").strip()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=next(filter(None, map(shutil.which, CHROMIUMS)), None),
            args=["--no-sandbox", "--disable-gpu"],
        )
        page = browser.new_page(viewport={"width": 1376, "height": 1800}, color_scheme="light")
        page.goto(f"{address}/sign-in/?next=/%3Frange%3D{RANGE}")
        page.get_by_label("E-mail").fill(PERSON)
        page.get_by_label("Password").fill(password)
        page.keyboard.press("Enter")
        show(page)
        page.screenshot(path=PICTURE, clip=upper_part(page))
        browser.close()
    size = PICTURE.stat().st_size
    sys.stdout.write(f"{PICTURE.name}: {size:,} bytes\n")
    return 0 if size < MOST_BYTES else 1


def show(page: Page) -> None:
    """Bring the page into the state that says most: chart with tooltip, one asset open."""
    page.wait_for_selector('[data-chart][data-state="ready"]')
    page.locator('[id="row-production:LINK"] summary').click()
    page.locator('[id="parts-production:LINK"] .amount').first.wait_for()
    page.locator("td.moved[data-of]").first.wait_for()
    page.evaluate("scrollTo(0, 0)")
    plot = page.locator(".u-over").bounding_box()
    if plot is not None:
        page.mouse.move(plot["x"] + plot["width"] * 0.46, plot["y"] + 60)
    page.locator(".chart-tip").wait_for()


def upper_part(page: Page) -> FloatRect:
    """Return the page down to the end of its first table."""
    table = page.locator("#assets-production-block").bounding_box()
    assert table is not None  # noqa: S101 - every demo holds something
    return {"x": 0, "y": 0, "width": 1376, "height": table["y"] + table["height"] + 32}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
