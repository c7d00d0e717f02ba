import gzip
import json

import pytest

from tests.sandbox.harness import Key, Received, Simulator


@pytest.fixture
def key(sim: Simulator) -> Key:
    return sim.key("Custody")


@pytest.mark.parametrize("status", ["400", "401", "403", "404", "409", "429"])
def test_refusals_in_qredos_shape(sim: Simulator, key: Key, status: str) -> None:
    sim.fault(key, status)
    answer = sim.get(key)
    code = 400 if status == "400" else status  # an integer in one, as in one published example
    assert (answer.status, answer.json["code"]) == (int(status), code)


@pytest.mark.parametrize("status", ["500", "502", "503", "504"])
def test_errors_of_a_proxy_are_html(sim: Simulator, key: Key, status: str) -> None:
    sim.fault(key, status)
    answer = sim.get(key)
    assert (answer.status, answer.headers["content-type"]) == (int(status), "text/html")
    assert answer.raw.startswith(b"<html>")


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (7, "7"),
        (-1, "-1"),
        (31_536_000, "31536000"),
        ("Thu, 15 Jan 2026 12:01:00 GMT",) * 2,
        (None, None),
    ],
)
def test_retry_after(sim: Simulator, key: Key, given: object, sent: str | None) -> None:
    sim.fault(key, "429", retry_after=given)
    assert sim.get(key).headers.get("retry-after") == sent


def test_a_fault_lasts_as_often_as_ordered(sim: Simulator, key: Key) -> None:
    sim.fault(key, "500", count=2)
    assert [sim.get(key).status for _ in range(3)] == [500, 500, 200]


def test_a_fault_without_count_lasts_until_it_is_cleared(sim: Simulator, key: Key) -> None:
    sim.fault(key, "503")
    assert [sim.get(key).status for _ in range(3)] == [503, 503, 503]
    sim.fault(key, None)
    assert sim.get(key).status == 200


def test_a_fault_is_for_one_key_or_for_everybody(sim: Simulator, key: Key) -> None:
    other = sim.key("Trading")
    sim.fault(key, "401")
    assert (sim.get(key).status, sim.get(other).status) == (401, 200)
    sim.fault({"key_id": "*"}, "503")
    assert (sim.get(key).status, sim.get(other).status) == (401, 503)
    sim.admin("DELETE", "fault")
    assert (sim.get(key).status, sim.get(other).status) == (200, 200)


def test_literal_bodies(sim: Simulator, key: Key) -> None:
    sim.fault(key, "body", body='{"assets":{"BTC":{"total":1e3}}}')
    assert sim.get(key).raw == b'{"assets":{"BTC":{"total":1e3}}}'
    sim.fault(key, "raw_assets", assets='{"A":1,"A":2}')
    assert sim.get(key).raw == b'{"assets":{"A":1,"A":2}}'
    sim.fault(key, "body", body="later", status=202, content_type="text/plain")
    answer = sim.get(key)
    assert (answer.status, answer.headers["content-type"]) == (202, "text/plain")


def test_a_literal_body_may_be_large(sim: Simulator, key: Key) -> None:
    sim.fault(key, "body", body="x" * 6_000_000, count=1)
    assert len(sim.get(key).raw) == 6_000_000


def test_garbled_and_html_pass_for_success(sim: Simulator, key: Key) -> None:
    sim.fault(key, "garbled")
    answer = sim.get(key)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    with pytest.raises(UnicodeDecodeError):
        json.loads(answer.raw)
    sim.fault(key, "html200")
    answer = sim.get(key)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html")


@pytest.mark.parametrize(("kind", "raw"), [("not_json", b"assets: none"), ("empty", b"")])
def test_bodies_that_are_no_documents(sim: Simulator, key: Key, kind: str, raw: bytes) -> None:
    sim.fault(key, kind)
    answer = sim.get(key)
    assert (answer.status, answer.raw) == (200, raw)


def test_refusals_give_the_reason_that_is_ordered(sim: Simulator, key: Key) -> None:
    sim.fault(key, "401", reason="timestamp outside of window")
    assert refused(sim.get(key)) == "timestamp outside of window"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_of_every_kind(sim: Simulator, key: Key, status: int) -> None:
    sim.fault(key, "redirect", status=status, location=f"{sim.about['address']}/elsewhere")
    answer = sim.get(key)
    assert answer.status == status
    assert answer.headers["location"] == f"{sim.about['address']}/elsewhere"


def test_a_redirect_may_lead_nowhere(sim: Simulator, key: Key) -> None:
    sim.fault(key, "redirect", location="")
    answer = sim.get(key)
    assert (answer.status, "location" in answer.headers) == (302, False)


def test_redirects_lead_elsewhere(sim: Simulator, key: Key) -> None:
    sim.fault(key, "redirect")
    answer = sim.get(key)
    assert (answer.status, answer.headers["location"][:26]) == (302, "https://elsewhere.example/")
    sim.fault(key, "redirect", location="http://127.0.0.1:9/there")
    assert sim.get(key).headers["location"] == "http://127.0.0.1:9/there"


def test_a_bomb_is_small_until_it_is_opened(sim: Simulator, key: Key) -> None:
    sim.fault(key, "bomb")
    answer = sim.get(key)
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.raw) < 50_000
    assert len(gzip.decompress(answer.raw)) > 5_000_000


def test_counters(sim: Simulator, key: Key) -> None:
    assert sim.get(key).status == 200
    assert refused(sim.get(key, qredo_api_sig="x" * 43)) == "invalid signature"
    sim.fault(key, "500", count=1)
    sim.get(key)
    assert sim.tally(key) == {
        "requests": 3,
        "accepted": 1,
        "refused": {"invalid signature": 1},
        "faults": {"500": 1},
    }
    sim.get(key, qredo_api_key="nobody")
    assert sim.admin("GET", "requests").json["unknown"]["requests"] == 1
    sim.admin("DELETE", "requests")
    assert sim.admin("GET", "requests").json["keys"] == {}


def refused(answer: Received) -> str:
    assert answer.status == 401
    return answer.reason
