"""Lines 11 and 12: server CPU of the overview and of its unchanged fragment."""

from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus

from django.test import Client
from django.test.utils import override_settings

from balances.ledger import schedules
from balances.pages.query import list_query
from balances.pages.query.list_query import Query
from bench.lines import Line, best_cpu
from bench.scene import Scene
from qredo_dash import heap


def lines(scene: Scene) -> Iterator[Line]:
    """Measure through Django's test client, whose own share is in value and floor alike."""
    with override_settings(ROOT_URLCONF="bench.urls", ALLOWED_HOSTS=["testserver"]):
        heap.settle()  # as the web process does
        browser = Client()
        browser.force_login(scene.reader)
        floor = best_cpu(lambda: browser.get("/word/"))
        page = best_cpu(lambda: browser.get("/"), times=3)
        fragment = best_cpu(lambda: unchanged(browser, scene))
    count = len(scene.accounts)
    yield Line(11, f"overview of {count} accounts, CPU", page * 1000, "ms", 4.0, floor * 1000)
    yield Line(12, "unchanged fragment (204), CPU", fragment * 1000, "ms", 1.0, floor * 1000)


def unchanged(browser: Client, scene: Scene) -> None:
    """Ask with the version that is current; around a full minute it changes, then ask again."""
    for _ in range(2):
        version = _version(scene)
        if (
            browser.get(f"/overview/figures/?version={version}").status_code
            == HTTPStatus.NO_CONTENT
        ):
            return
    raise RuntimeError("the fragment never was current")


_known: dict[str, str] = {}


def _version(scene: Scene) -> str:
    # Asking PostgreSQL for the time is the page's work, and not part of knowing its version.
    minute = f"{datetime.now(UTC):%H:%M}"
    if minute not in _known:
        _known[minute] = list_query.version(scene.reader, Query.of({}), schedules.clock())
    return _known[minute]
