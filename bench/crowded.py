"""Line 13: the overview of many accounts, against that of a hundredth of them."""

from collections.abc import Iterator

from django.test import Client
from django.test.utils import override_settings

from bench.lines import Line, best_wall
from bench.past import Past, Sizes, seeded
from qredo_dash import heap


def lines(accounts: int) -> Iterator[Line]:
    """Measure both through Django's test client."""
    few, many = _sizes(accounts // 100), _sizes(accounts)
    floor, value = _page(seeded(few, 3)), _page(seeded(many, 4))
    name = f"overview of {accounts} accounts, against {accounts // 100}"
    yield Line(13, name, 1000 * value, "ms", 2.0, 1000 * floor, value / floor)


def _sizes(accounts: int) -> Sizes:
    return Sizes(accounts=accounts, assets=10, days=2, changes_per_day=10)


def _page(past: Past) -> float:
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        heap.settle()  # as the web process does
        browser = Client()
        browser.force_login(past.reader)
        return best_wall(lambda: browser.get("/"), repeat=3)
