import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from qredo_sandbox.limits import Limits
from qredo_sandbox.load import Load
from tests.sandbox.harness import Key, Simulator


@pytest.fixture
def key(sim: Simulator) -> Key:
    return sim.key("Custody")


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the real time that load and limits see."""

    def set_to(seconds: float) -> None:
        monkeypatch.setattr("qredo_sandbox.load.time.monotonic", lambda: seconds)

    set_to(1000)
    return set_to


def load(sim: Simulator, environment: str = "production") -> dict[str, int]:
    of_all: dict[str, Any] = sim.admin("GET", "requests").json["load"]
    numbers: dict[str, int] = of_all[environment]
    return numbers


def seconds_of(ask: Callable[[], object]) -> float:
    began = time.monotonic()
    ask()
    return time.monotonic() - began


def test_latency_is_for_everybody_and_every_answer(sim: Simulator, key: Key) -> None:
    told = sim.get(key).raw
    assert sim.admin("POST", "settings", {"latency": 0.25}).json["latency"] == 0.25
    assert seconds_of(lambda: sim.get(sim.key("Trading"))) >= 0.24
    sim.fault(key, "503", count=1)
    assert seconds_of(lambda: sim.get(key)) >= 0.24
    sim.fault(key, "slow", seconds=0.25, count=1)
    assert seconds_of(lambda: sim.get(key)) >= 0.48
    assert sim.get(key).raw == told
    assert sim.admin("POST", "settings", {"latency": None}).json["latency"] == 0


def test_slowness_of_everybody_by_a_fault(sim: Simulator, key: Key) -> None:
    sim.fault({"key_id": "*"}, "slow", seconds=0.15)
    assert seconds_of(lambda: sim.get(key)) >= 0.14


def test_connections_outlive_latency(sim: Simulator, key: Key) -> None:
    sim.admin("POST", "settings", {"latency": 0.01})
    connection = sim.connect()
    headers = sim.signed(key)
    for _ in range(3):
        connection.request("GET", "/qapi/v1/balance", headers=headers)
        assert connection.getresponse().read().startswith(b'{"assets"')
    connection.close()


def test_requests_beyond_the_limit_are_refused(sim: Simulator, key: Key) -> None:
    settings = {"requests_per_second": 2}
    assert sim.admin("POST", "settings", settings).json["requests_per_second"] == 2
    sim.fault(key, "403", count=3)
    answers = [sim.get(key) for _ in range(3)]
    assert [answer.status for answer in answers] == [403, 403, 429]
    assert (answers[2].reason, answers[2].headers["retry-after"]) == ("too many requests", "1")
    rehearsal = sim.get(sim.key("Rehearsal"), "/sandbox/qapi/v1/balance")
    assert rehearsal.status == 200
    tally = sim.tally(key)
    assert (tally["refused"], tally["faults"]) == ({"too many requests": 1}, {"403": 2})
    sim.admin("DELETE", "settings")
    assert [sim.get(key).status for _ in range(3)] == [403, 200, 200]


@pytest.mark.parametrize(("given", "sent"), [(-5, "-5"), ("soon", "soon"), ("", None)])
def test_the_limit_says_how_long_to_wait_as_ordered(
    sim: Simulator, key: Key, given: object, sent: str | None
) -> None:
    sim.admin("POST", "settings", {"requests_per_second": 1, "retry_after": given})
    answers = [sim.get(key), sim.get(key)]
    assert answers[1].status == 429
    assert answers[1].headers.get("retry-after") == sent


def test_the_limit_is_on_any_second_and_each_environment(at: Callable[[float], None]) -> None:
    limits = Limits()
    limits.requests_per_second = 3
    assert [limits.refusal("production") is None for _ in range(4)] == [True, True, True, False]
    assert limits.refusal("sandbox") is None
    at(1000.999)
    assert limits.refusal("production") is not None
    at(1001)
    assert [limits.refusal("production") is None for _ in range(4)] == [True, True, True, False]


def test_the_largest_number_at_once_is_kept(sim: Simulator, key: Key) -> None:
    sim.admin("POST", "settings", {"latency": 0.5})
    with ThreadPoolExecutor(5) as pool:
        assert {answer.status for answer in pool.map(sim.get, [key] * 5)} == {200}
    assert sim.get(key).status == 200
    seen = load(sim)
    assert (seen["most_at_once"], seen["under_way"]) == (5, 0)
    assert 5 <= seen["most_per_second"] <= 6
    assert load(sim, "sandbox") == {"under_way": 0, "most_at_once": 0, "most_per_second": 0}
    sim.admin("DELETE", "requests")
    assert load(sim) == {"under_way": 0, "most_at_once": 0, "most_per_second": 0}


@pytest.mark.parametrize("fault", ["hang", "slow", "drip", "reset", "reset_midway", "truncated"])
def test_requests_that_were_given_up_are_not_under_way(
    sim: Simulator, key: Key, fault: str
) -> None:
    sim.fault(key, fault)
    connection = sim.connect(timeout=0.1)
    connection.request("GET", "/qapi/v1/balance", headers=sim.signed(key))
    assert comes_to_be(lambda: load(sim)["most_at_once"] == 1)
    connection.close()
    assert comes_to_be(lambda: load(sim)["under_way"] == 0)


def comes_to_be(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 5
    while not holds():
        if time.monotonic() > until:
            return False
    return True


def test_the_largest_number_a_second_is_of_any_second(at: Callable[[float], None]) -> None:
    counted = Load()
    for instant in (1000.0, 1000.9, 1001.1, 1001.2, 1001.8, 1003.0):
        at(instant)
        counted.begin()()
    assert counted.shown() == {"under_way": 0, "most_at_once": 1, "most_per_second": 4}
