"""The main journey in Firefox and WebKit, by clicks and keys as a person makes them."""

from datetime import UTC, datetime, timedelta

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from tests.browser.world import World
from tests.engines.conftest import Engine

#: Of the simulator; no other test of these browsers adds it, each engine has its own.
KEYS = {"firefox": "Spare organization", "webkit": "Collateral"}


def test_from_signing_in_to_signing_out(engine: Engine, world: World) -> None:
    engine.sized(1440)
    engine.sign_in()
    _narrows(engine)
    _chooses_a_range(engine)
    _opens_a_row(engine)
    _looks_back(engine)
    _downloads(engine)
    _adds_an_account(engine, world)
    _signs_out(engine)


def _narrows(engine: Engine) -> None:
    engine.go("/accounts/")
    field = engine.find(".narrowing select[name=owner], .narrowing select")
    Select(field).select_by_index(1)
    engine.until("return location.search !== ''")
    engine.settled()
    assert engine.find(".accounts tr.lead").is_displayed()


def _chooses_a_range(engine: Engine) -> None:
    engine.go("/?asset=ETH")
    engine.click('.chart-ranges a[href*="range=30d"]')
    engine.until("return location.search.includes('range=30d')")
    engine.until("return document.querySelector('[data-chart]').dataset.seriesUrl.includes('30d')")
    engine.settled()
    assert engine.find("[data-chart]").get_attribute("data-state") == "ready"
    engine.click(".chart-stage")
    engine.find(".chart-stage").send_keys(Keys.END)
    assert "Total" in engine.find(".chart-tip").text
    engine.find(".chart-stage").send_keys(Keys.ESCAPE)


def _opens_a_row(engine: Engine) -> None:
    row = '[id="row-production:BTC"] tr.lead'
    engine.click(f"{row} summary")
    engine.until("return document.querySelector(arguments[0] + ' details').open", row)
    engine.until(
        "return document.querySelectorAll('.parts [id^=\"row-account\"], .parts tr.part').length"
    )
    engine.click(f"{row} summary")
    engine.until("return !document.querySelector(arguments[0] + ' details').open", row)


def _looks_back(engine: Engine) -> None:
    day = datetime.now(UTC) - timedelta(days=1)
    engine.go("/history/")
    # Where the fields of a date stand is the browser's own affair.
    engine.js("document.querySelector('#main [name=date]').value = arguments[0]", f"{day:%Y-%m-%d}")
    engine.click("#main form button[type=submit]")
    engine.find("#band")
    assert f"the end of {day.day} {day:%B}" in engine.find("#band").text


def _downloads(engine: Engine) -> None:
    engine.go("/?asset=ETH")
    link = engine.find(".chart-downloads a")
    if engine.name == "webkit":  # its driver has no place for downloads
        address = link.get_attribute("href")
        kind = engine.driver.execute_async_script(
            """const done = arguments[1];
            const kind = (answer) => done(answer.headers.get("Content-Type"));
            fetch(arguments[0]).then(kind, done);""",
            address,
        )
        assert kind.startswith("text/csv")
        return
    link.click()
    engine.until("return true")
    files = _files(engine)
    assert files[0].startswith("at,asset,")


def _files(engine: Engine) -> list[str]:
    def whole(_: object) -> list[str]:
        if list(engine.home.glob("*.part")):
            return []
        return [text for file in engine.home.glob("*.csv") if (text := file.read_text("utf-8-sig"))]

    return engine.wait(whole)


def _adds_an_account(engine: Engine, world: World) -> None:
    key, secret = world.simulator.key(KEYS[engine.name])
    engine.go("/accounts/")
    engine.click('main a[href="/accounts/add/"]')
    engine.find("[name=label]").send_keys(f"By {engine.name}")
    owner = Select(engine.find("[name=owner]"))
    owner.select_by_visible_text("Fund")
    engine.find("[name=api_key]").send_keys(key)
    engine.find("[name=api_secret]").send_keys(secret)
    if all_wallets := engine.driver.find_elements(
        By.CSS_SELECTOR, "input[name=wallets][value=all]"
    ):
        all_wallets[0].click()
    engine.click("main form .button-main")
    engine.until("return document.body.textContent.includes(arguments[0])", f"By {engine.name}")
    engine.until("return location.pathname !== '/accounts/add/'")
    assert engine.find("h1").text.startswith(f"By {engine.name}")


def _signs_out(engine: Engine) -> None:
    engine.go("/")
    amount = engine.find(".amount").text
    assert amount
    engine.click("summary[aria-label='Your menu']")
    engine.click("form[action='/sign-out/'] button")
    engine.until("return location.pathname === '/sign-in/'")
    for _ in range(3):
        engine.driver.back()
        engine.until(
            "return location.pathname === '/sign-in/' && document.readyState === 'complete'"
        )
        assert not engine.driver.find_elements(By.CSS_SELECTOR, ".top-nav, .amount")
