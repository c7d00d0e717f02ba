"""Line 3: the wall time of polls whose answers take their time."""

from collections.abc import Iterator

from django.conf import settings
from django.test.utils import override_settings

from accounts.models import Environment
from bench.crowd import upstream
from bench.lines import Line, cpu_and_wall
from bench.polls import poll_all
from bench.scene import Scene

LATENCY = 0.1


def lines(scene: Scene) -> Iterator[Line]:
    """Measure a round of one process; the floor is its requests side by side, without pause."""
    many = len(scene.accounts)
    with upstream(LATENCY, 10, 0) as slow:
        urls = dict.fromkeys(Environment.values, f"{slow.origin}/qapi/v1")
        with override_settings(QREDO_GIVEN_URLS=urls):
            poll_all(next(scene.rounds))
            wall = cpu_and_wall(lambda: poll_all(next(scene.rounds)))[1]
    floor = LATENCY * many / settings.POLL_CONCURRENCY
    yield Line(3, f"wall time of {many} polls, answers after 100 ms", wall, "s", 1.5, floor)
