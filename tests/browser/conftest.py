"""A real browser before the real web process, on the tests' database."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from tests.browser import world as worlds
from tests.browser.site import running
from tests.browser.world import World
from tests.conftest import Simulator
from tests.support import props

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
#: Milliseconds that anything on a page may take; far more than it does, also where cores are busy.
PATIENCE = 20_000

#: Asks for news once nothing is under way, and waits until they are shown.
POLL = """async () => {
    const figures = document.getElementById("figures");
    while (figures.classList.contains("htmx-request")) await new Promise((go) => setTimeout(go, 5));
    return new Promise((done) => {
        document.addEventListener("htmx:afterRequest", ({ detail }) => {
            if (detail.elt === figures) done(detail.xhr.status);
        });
        htmx.trigger(figures, "refresh");
    });
}"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # Asks for the test database; the fixture below keeps it from being emptied each time.
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture
def _django_db_helper() -> None:
    """Replace pytest-django's: the web process sees what is committed, and tests share a world."""


@pytest.fixture(scope="package")
def chromium_path() -> str:
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        words = f"NO PAGE WAS TESTED IN A BROWSER: none of {', '.join(CHROMIUMS)} is installed."
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(words)
    assert found is not None
    return found


@pytest.fixture(scope="package")
def world(
    chromium_path: str,  # noqa: ARG001 - without a browser nothing is made
    django_db_setup: None,  # noqa: ARG001
    django_db_blocker: Any,
    _simulator: Simulator,
) -> Iterator[World]:
    # Playwright runs an event loop in this thread; Django would take it for its own.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with django_db_blocker.unblock(), worlds.standing(_simulator) as world:
        yield world
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="package")
def site(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run granian as in production; return its address."""
    with running(world, tmp_path_factory.mktemp("static")) as address:
        yield address


@pytest.fixture(scope="package")
def browser(chromium_path: str, site: str) -> Iterator[Browser]:  # noqa: ARG001 - site ends last
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield started
        connection.close()  # under playwright's event loop Django keeps a second one
        started.close()


@dataclass
class Visit:
    """Pages of one person, and everything about them that must not happen."""

    site: str
    context: BrowserContext
    page: Page
    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note requests, errors and violations of the content security policy."""
        self.page.on("request", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda m: self.complaints.append(m.text) if m.type in {"error", "warning"} else None,
        )

    def _note(self, request: Request) -> None:
        self.requests.append(request)

    def excuse(self, *words: str) -> None:
        """Take away complaints that a test has provoked."""
        kept = [text for text in self.complaints if not any(word in text for word in words)]
        assert len(kept) < len(self.complaints), "nothing to excuse"
        self.complaints[:] = kept

    def go(self, path: str = "/") -> Page:
        """Open a page of the site."""
        self.page.goto(self.site + path)
        return self.page

    def sign_in(self, name: str, path: str = "/") -> Page:
        """Sign in as a person does."""
        page = self.go(path)
        page.get_by_label("E-mail").fill(f"{name}@example.com")
        page.get_by_label("Password").fill(props.PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector(".top-nav")
        return page

    def poll(self) -> int:
        """Let the page look for news now; return the status it got."""
        status: int = self.page.evaluate(POLL)
        return status

    def drawn(self) -> Page:
        """Wait until the chart is drawn."""
        self.page.wait_for_selector('[data-chart][data-state="ready"]')
        return self.page

    def assert_clean(self) -> None:
        """Check that nothing was complained of, and that nobody else was asked for anything."""
        assert self.complaints == []
        hosts = {urlsplit(request.url).netloc for request in self.requests}
        assert hosts <= {urlsplit(self.site).netloc, ""}


@pytest.fixture(scope="package")
def signed_in(browser: Browser, site: str) -> Any:
    """Sign in once; return the cookies."""
    context = browser.new_context()
    Visit(site, context, context.new_page()).sign_in("treasurer")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def new_visit(browser: Browser, site: str) -> Iterator[Any]:
    """Return a way to open browsers of their own; all are checked in the end."""
    visits: list[Visit] = []

    def visit(**options: Any) -> Visit:
        options.setdefault("viewport", {"width": 1440, "height": 900})
        context = browser.new_context(reduced_motion="reduce", **options)
        context.set_default_timeout(PATIENCE)
        opened = Visit(site, context, context.new_page())
        opened.watch()
        visits.append(opened)
        return opened

    yield visit
    for opened in visits:
        opened.context.close()
    for opened in visits:
        opened.assert_clean()


@pytest.fixture
def visitor(new_visit: Any) -> Visit:
    """Somebody who has not signed in."""
    visit: Visit = new_visit()
    return visit


@pytest.fixture
def treasurer(new_visit: Any, signed_in: Any) -> Visit:
    """The fund's admin, signed in."""
    visit: Visit = new_visit(storage_state=signed_in)
    return visit
