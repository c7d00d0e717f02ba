from collections.abc import Iterator

import pytest

from tests.sandbox.harness import NOW, Simulator


@pytest.fixture(scope="session")
def running() -> Iterator[Simulator]:
    simulator = Simulator.start("--now", NOW, "--frozen")
    yield simulator
    simulator.stop()


@pytest.fixture
def sim(running: Simulator) -> Simulator:
    """The simulator at noon, without faults and limits, with its counters at zero."""
    running.admin("DELETE", "fault")
    running.admin("DELETE", "settings")
    running.admin("DELETE", "requests")
    running.admin("POST", "clock", {"now": NOW, "frozen": True, "date_skew": 0, "window_skew": 0})
    return running
