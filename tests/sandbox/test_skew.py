import pytest

from tests.sandbox.harness import NOW_SECONDS, Key, Received, Simulator

NOON = "Thu, 15 Jan 2026 12:00:00 GMT"


@pytest.fixture
def key(sim: Simulator) -> Key:
    return sim.key("Custody")


def signed_at(sim: Simulator, key: Key, second: int) -> Received:
    path = "/qapi/v1/balance"
    return sim.request("GET", path, sim.signed(key, path, timestamp=str(second)))


@pytest.mark.parametrize(
    ("skew", "date"),
    [(-600, "Thu, 15 Jan 2026 11:50:00 GMT"), (86_400, "Fri, 16 Jan 2026 12:00:00 GMT")],
)
def test_the_date_may_be_wrong_while_the_window_is_right(
    sim: Simulator, key: Key, skew: int, date: str
) -> None:
    told = sim.get(key).raw
    answered = sim.admin("POST", "clock", {"date_skew": skew}).json
    assert (answered["date_skew"], answered["window_skew"]) == (skew, 0)
    answer = sim.get(key)
    assert (answer.status, answer.headers["date"], answer.raw) == (200, date, told)
    assert signed_at(sim, key, NOW_SECONDS + 61).status == 401


def test_the_window_may_be_wrong_while_the_date_is_right(sim: Simulator, key: Key) -> None:
    told = sim.get(key).raw
    sim.admin("POST", "clock", {"window_skew": -600})
    answer = sim.get(key)
    assert (answer.status, answer.reason) == (401, "timestamp outside of window")
    assert answer.headers["date"] == NOON
    answer = signed_at(sim, key, NOW_SECONDS - 600)
    assert (answer.status, answer.headers["date"], answer.raw) == (200, NOON, told)


def test_both_may_be_wrong_for_one_key_alone(sim: Simulator, key: Key) -> None:
    date = "Thu, 15 Jan 2026 12:10:00 GMT"
    sim.fault(key, "401", reason="timestamp outside of window", date=date)
    answer = sim.get(key)
    assert (answer.reason, answer.headers["date"]) == ("timestamp outside of window", date)
    assert sim.get(sim.key("Trading")).headers["date"] == NOON


@pytest.mark.parametrize("date", ["yesterday", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_date_may_be_any_text(sim: Simulator, key: Key, date: str) -> None:
    told = sim.get(key).raw
    sim.fault(key, "dated", date=date)
    answer = sim.get(key)
    assert (answer.headers["date"], answer.raw) == (date, told)


def test_a_date_may_be_missing(sim: Simulator, key: Key) -> None:
    sim.fault(key, "503", date="")
    answer = sim.get(key)
    assert (answer.status, "date" in answer.headers) == (503, False)
