import json
from base64 import b64decode
from pathlib import Path

import pytest

from qredo_sandbox.signature import fault_in_signature, fault_in_timestamp, message, sign
from tests.sandbox.harness import NOW_SECONDS, Simulator

VECTOR = json.loads((Path(__file__).parent / "vectors.json").read_text())[0]
SECOND = 10**9


def test_published_vector() -> None:
    signed = message(VECTOR["timestamp"], VECTOR["method"], VECTOR["url"], VECTOR["body"].encode())
    secret = b64decode(VECTOR["secret"])
    assert sign(secret, signed) == VECTOR["signature"]
    assert fault_in_signature(VECTOR["signature"], secret, signed) is None


def test_a_good_request_is_answered(sim: Simulator) -> None:
    answer = sim.get(sim.key("Custody"))
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) == len(answer.raw)
    assert answer.headers["date"] == "Thu, 15 Jan 2026 12:00:00 GMT"
    assert set(answer.json["assets"]["BTC"]) == {
        "total",
        "available",
        "pendingIn",
        "pendingOut",
        "scale",
    }


@pytest.mark.parametrize("offset", [-60, 60])
@pytest.mark.parametrize("digits", ["", "000", "000000000"])
def test_each_unit_is_accepted_within_the_window(sim: Simulator, offset: int, digits: str) -> None:
    key = sim.key("Custody")
    timestamp = f"{NOW_SECONDS + offset}{digits}"
    headers = sim.signed(key, timestamp=timestamp)
    assert sim.request("GET", "/qapi/v1/balance", headers).status == 200


@pytest.mark.parametrize(
    ("timestamp", "reason"),
    [
        (f"{NOW_SECONDS + 61}", "timestamp outside of window"),
        (f"{NOW_SECONDS - 61}", "timestamp outside of window"),
        (f"{NOW_SECONDS * 1000 + 60_001}", "timestamp outside of window"),
        (f"{NOW_SECONDS * 10**9 - 60_000_000_001}", "timestamp outside of window"),
        (f"{NOW_SECONDS}000000", "invalid timestamp unit"),
        (f"{NOW_SECONDS}.5", "invalid timestamp"),
        (f"+{NOW_SECONDS}", "invalid timestamp"),
        (f"0{NOW_SECONDS}", "invalid timestamp"),
        (f"{NOW_SECONDS:_}", "invalid timestamp"),
        ("1e9", "invalid timestamp"),
        ("9" * 30, "invalid timestamp"),
    ],
)
def test_other_timestamps_are_refused(sim: Simulator, timestamp: str, reason: str) -> None:
    key = sim.key("Custody")
    headers = sim.signed(key, timestamp=timestamp)
    answer = sim.request("GET", "/qapi/v1/balance", headers)
    assert (answer.status, answer.reason) == (401, reason)


def test_the_window_is_sixty_seconds_to_the_nanosecond() -> None:
    now = NOW_SECONDS * SECOND
    assert fault_in_timestamp(str(now + 60 * SECOND), now) is None
    assert fault_in_timestamp(str(now + 60 * SECOND + 1), now) == "timestamp outside of window"


@pytest.mark.parametrize("name", ["qredo-api-key", "qredo-api-ts", "qredo-api-sig"])
def test_each_signed_header_is_needed(sim: Simulator, name: str) -> None:
    headers = sim.signed(sim.key("Custody"))
    del headers[name]
    answer = sim.request("GET", "/qapi/v1/balance", headers)
    assert (answer.status, answer.reason) == (401, f"header missing: {name}")


@pytest.mark.parametrize("value", [None, "*/*", "text/html"])
def test_accept_must_be_json(sim: Simulator, value: str | None) -> None:
    headers = sim.signed(sim.key("Custody"))
    del headers["accept"]
    if value is not None:
        headers["accept"] = value
    answer = sim.request("GET", "/qapi/v1/balance", headers)
    assert (answer.status, answer.reason) == (400, "accept must be application/json")


@pytest.mark.parametrize("name", ["accept", "qredo-api-key", "qredo-api-ts", "qredo-api-sig"])
def test_none_of_the_headers_may_come_twice(sim: Simulator, name: str) -> None:
    headers = sim.signed(sim.key("Custody"))
    doubled = {**headers, name.upper(): headers[name]}
    answer = sim.request("GET", "/qapi/v1/balance", doubled)
    assert (answer.status, answer.reason) == (400, f"header given twice: {name}")


def test_the_signature_must_be_url_safe_without_padding(sim: Simulator) -> None:
    key = sim.key("Custody")
    seconds = range(NOW_SECONDS - 30, NOW_SECONDS + 30)
    every = [sim.signed(key, timestamp=str(second)) for second in seconds]
    headers = next(one for one in every if set("-_") & set(one["qredo-api-sig"]))
    good = headers["qredo-api-sig"]
    for bad in (good + "=", good.replace("-", "+").replace("_", "/")):
        answer = sim.request("GET", "/qapi/v1/balance", {**headers, "qredo-api-sig": bad})
        assert answer.status == 401
        assert answer.reason == "signature is not base64url without padding"
    assert sim.request("GET", "/qapi/v1/balance", headers).status == 200


def test_everything_that_is_signed_counts(sim: Simulator) -> None:
    key, other = sim.key("Custody"), sim.key("Trading")
    headers = sim.signed(key)
    elsewhere = sim.signed(key, "/qapi/v1/account")["qredo-api-sig"]
    posted = sim.signed(key, method="POST")["qredo-api-sig"]
    later = sim.signed(key, timestamp=str(NOW_SECONDS + 1))["qredo-api-sig"]
    foreign = sim.signed({**key, "secret": other["secret"]})["qredo-api-sig"]
    for bad in (elsewhere, posted, later, foreign):
        answer = sim.request("GET", "/qapi/v1/balance", {**headers, "qredo-api-sig": bad})
        assert (answer.status, answer.reason) == (401, "invalid signature")


def test_query_host_and_body_are_signed(sim: Simulator) -> None:
    key = sim.key("Custody")
    path = "/qapi/v1/balance?page=1"
    assert sim.request("GET", path, sim.signed(key, path)).status == 200
    assert sim.request("GET", path, sim.signed(key)).reason == "invalid signature"
    renamed = {**sim.signed(key), "Host": f"localhost:{sim.port}"}
    assert sim.request("GET", "/qapi/v1/balance", renamed).reason == "invalid signature"
    with_body = sim.signed(key, body="x")
    assert sim.request("GET", "/qapi/v1/balance", with_body, "x").status == 200
    assert sim.request("GET", "/qapi/v1/balance", with_body, "y").reason == "invalid signature"


def test_an_error_has_qredos_shape(sim: Simulator) -> None:
    answer = sim.get(sim.key("Custody"), qredo_api_key="nobody")
    assert answer.status == 401
    assert answer.json == {
        "code": "401",
        "msg": "Unauthorized",
        "detail": {"reason": "invalid api key"},
    }
