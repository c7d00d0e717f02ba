"""Firefox and WebKit before the real web process, where they are installed."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from selenium.common.exceptions import JavascriptException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser import world as worlds
from tests.browser.site import running
from tests.browser.world import World
from tests.conftest import Simulator
from tests.engines import drivers
from tests.support import props

#: Seconds that anything may take; far more than it does, also where cores are busy.
PATIENCE = 60

T = TypeVar("T")

#: Set before a page's own scripts: what goes wrong in it.
LISTEN = """() => {
    window.complaints = [];
    const note = (text) => window.complaints.push(text);
    const failed = ({ message, target }) => note(message ?? `not loaded: ${target.src}`);
    addEventListener("error", failed, true);
    addEventListener("unhandledrejection", (event) => note(String(event.reason)));
    addEventListener("securitypolicyviolation", ({ violatedDirective }) => note(violatedDirective));
    for (const kind of ["error", "warn"]) {
        const tell = console[kind];
        console[kind] = (...words) => { note(words.join(" ")); tell.apply(console, words); };
    }
}"""


@dataclass(frozen=True)
class Engine:
    """A browser of one kind, and the site that it is before."""

    name: str
    driver: WebDriver
    site: str
    home: Path

    def go(self, path: str) -> None:
        """Open a page and wait until it is there, with its chart."""
        self.driver.get(self.site + path)
        self.settled()

    def settled(self) -> None:
        """Wait until nothing is under way."""
        self.until(
            """const drawings = document.querySelectorAll("[data-chart], [data-overlay]");
            const isDrawn = ({ dataset }) => ["ready", "empty", "failed"].includes(dataset.state);
            return document.readyState === "complete" && [...drawings].every(isDrawn)
                && !document.querySelector(".htmx-request");"""
        )

    def js(self, script: str, *given: Any) -> Any:
        return self.driver.execute_script(script, *given)

    def until(self, script: str, *given: Any) -> Any:
        """Wait until a script returns something true."""
        return self.wait(lambda _: self.js(script, *given), script)

    def wait(self, done: Callable[[WebDriver], T], what: str = "") -> T:
        """Wait until something is true."""
        # What was there a moment ago may be of the page before.
        gone = (StaleElementReferenceException, JavascriptException)
        return WebDriverWait(self.driver, PATIENCE, 0.05, gone).until(done, what)

    def find(self, selector: str) -> WebElement:
        """Return the first element that is there and can be seen."""

        def seen(driver: WebDriver) -> WebElement | None:
            found = driver.find_elements(By.CSS_SELECTOR, selector)
            return next((one for one in found if one.is_displayed()), None)

        return self.wait(seen, selector)  # type: ignore[return-value] # it waits for one

    def click(self, selector: str) -> None:
        self.find(selector).click()

    def sized(self, width: int) -> None:
        self.driver.set_window_size(width, 1000)
        self.until("return Math.abs(innerWidth - arguments[0]) < 20", width)

    def sign_in(self, name: str = "treasurer") -> None:
        self.driver.get(f"{self.site}/sign-in/")
        if self.driver.find_elements(By.CSS_SELECTOR, ".top-nav"):
            return
        self.find("input[type=email]").send_keys(f"{name}@example.com")
        self.find("input[type=password]").send_keys(props.PASSWORD)
        self.click("main form button[type=submit]")
        self.until("return document.querySelector('.top-nav') !== null")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture
def _django_db_helper() -> None:
    """Replace pytest-django's: the web process sees what is committed, and tests share a world."""


@pytest.fixture(scope="package")
def world(
    django_db_setup: None,  # noqa: ARG001
    django_db_blocker: Any,
    _simulator: Simulator,
) -> Iterator[World]:
    """Make a world of these tests' own, with two owners to narrow by."""
    with django_db_blocker.unblock(), worlds.standing(_simulator) as world:
        props.enrolled(_simulator.key("Reserve"), "Own savings", world.treasurer)
        yield world


@pytest.fixture(scope="package")
def site(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(world, tmp_path_factory.mktemp("static")) as address:
        yield address


Start = Callable[[Path], AbstractContextManager[WebDriver]]
STARTS: dict[str, Start] = {"firefox": drivers.firefox, "webkit": drivers.webkit}


@pytest.fixture(scope="package", params=list(STARTS))
def engine(
    request: pytest.FixtureRequest, site: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """Run each of the engines once, for all tests with it."""
    home = tmp_path_factory.mktemp(request.param)
    starting = STARTS[request.param](home)
    try:
        driver = starting.__enter__()
    except drivers.NotInstalledError as missing:
        words = f"NO PAGE WAS TESTED IN {request.param.upper()}: {missing} is not installed."
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(words)
    if request.param == "firefox":  # WebKit's driver has no way to be there before a page's scripts
        driver.script.pin(LISTEN)
    try:
        yield Engine(request.param, driver, site, home)
    finally:
        starting.__exit__(None, None, None)
