"""Line 3: the wall time of polls whose answers take their time."""

from collections.abc import Iterator

from django.conf import settings
from django.test.utils import override_settings

from accounts.models import Environment
from bench.crowd import upstream
from bench.lines import Line, cpu_and_wall
from bench.polls import APART, KEPT, bare_loop, poll_all
from bench.scene import Scene

LATENCY = 0.1


def lines(scene: Scene) -> Iterator[Line]:
    """Measure a round of one process; the floor is its requests side by side, without pause.

    On kept connections that is reckoned, with a connection each measured.
    """
    many = len(scene.accounts)
    with upstream(LATENCY, 10, 0) as slow:
        urls = dict.fromkeys(Environment.values, f"{slow.origin}/qapi/v1")
        with override_settings(QREDO_GIVEN_URLS=urls):
            poll_all(next(scene.rounds))
            wall = cpu_and_wall(lambda: poll_all(next(scene.rounds)))[1]
        base_url = urls[Environment.PRODUCTION]
        apart = cpu_and_wall(lambda: bare_loop(scene, base_url, connection_each=True))[1]
    kept = LATENCY * many / settings.POLL_CONCURRENCY
    for floor, form in ((kept, KEPT), (apart, APART)):
        name = f"wall time of {many} polls, answers after 100 ms{form}"
        yield Line(3, name, wall, "s", 1.5, floor)
