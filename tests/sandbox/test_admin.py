from collections.abc import Iterator

import pytest

from tests.sandbox.harness import NOW_SECONDS, Key, Simulator

ASSETS = {"BTC": {"total": 2**200, "available": 1, "pendingIn": 0, "pendingOut": 0, "scale": 10**8}}


@pytest.fixture
def spare(sim: Simulator) -> Iterator[Key]:
    """A key of its own for one test, which may do with it what it likes."""
    account = sim.account("Spare organization")["id"]
    made = sim.admin("POST", "key", {"account": account, "permissions": ["read-only"]})
    assert made.status == 200
    yield made.json
    sim.admin("DELETE", "key", {"key_id": made.json["key_id"]})


@pytest.mark.parametrize(
    ("call", "content", "reason"),
    [
        ("fault", [], "not a JSON object"),
        ("fault", {}, "key_id is missing"),
        ("fault", {"key_id": "*", "fault": "none"}, "fault is one of"),
        ("fault", {"key_id": "*", "fault": "500", "count": 0}, "count is a positive"),
        ("fault", {"key_id": "*", "fault": "500", "count": True}, "count is a positive"),
        ("fault", {"key_id": "*", "fault": "slow", "seconds": -1}, "seconds is a number"),
        ("fault", {"key_id": "*", "fault": "429", "retry_after": "a\r\nb"}, "retry_after is one"),
        ("fault", {"key_id": "*", "fault": "body"}, "body is missing"),
        ("fault", {"key_id": "*", "fault": "body", "body": "", "status": 204}, "carries a body"),
        ("fault", {"key_id": "*", "fault": "redirect", "status": 304}, "carries a body"),
        ("fault", {"key_id": "*", "fault": "redirect", "status": 200}, "status of a redirect"),
        ("fault", {"key_id": "*", "fault": "dated"}, "date is missing"),
        ("fault", {"key_id": "*", "fault": "dated", "date": "a\nb"}, "date is one line"),
        ("fault", {"key_id": "*", "fault": "500", "cuont": 1}, "unknown field"),
        ("settings", {"latency": "0.1"}, "latency is a number"),
        ("settings", {"latency": -1}, "latency is a number"),
        ("settings", {"requests_per_second": 0.5}, "requests_per_second is a positive"),
        ("settings", {"rate": 1}, "unknown field"),
        ("clock", {"date_skew": 10**9}, "date_skew is a number"),
        ("clock", {}, "now is missing"),
        ("clock", {"now": "2026-01-15T12:00:00"}, "zone"),
        ("clock", {"now": "soon"}, "now:"),
        ("clock", {"now": "0001-01-01T00:00:00Z"}, "years"),
        ("balance", {"key_id": "*"}, "no such key"),
        ("ledger", {"key_id": "*"}, "no such key"),
        ("key", {"account": "nobody", "permissions": []}, "no such account"),
    ],
)
def test_orders_that_cannot_be_followed(
    sim: Simulator, call: str, content: object, reason: str
) -> None:
    answer = sim.admin("POST", call, content)
    assert answer.status == (404 if reason.startswith("no such") else 400)
    assert reason in answer.reason


@pytest.mark.parametrize("body", ["", "{", "[" * 100_000])
def test_bodies_that_are_not_json(sim: Simulator, body: str) -> None:
    answer = sim.request("POST", "/_admin/fault", {}, body)
    assert (answer.status, answer.reason) == (400, "the body is not JSON")


def test_unknown_admin_calls(sim: Simulator) -> None:
    assert sim.admin("GET", "secrets").status == 404
    assert sim.admin("PUT", "clock", {}).status == 404


@pytest.mark.parametrize(
    "headers", [{"Host": "elsewhere.example"}, {"Origin": "https://elsewhere.example"}]
)
def test_pages_from_elsewhere_cannot_order(sim: Simulator, headers: dict[str, str]) -> None:
    answer = sim.request("GET", "/_admin/requests", headers)
    assert (answer.status, answer.reason) == (403, "admin calls are answered on loopback only")


def test_a_frozen_clock_stands_and_can_be_set_and_released(sim: Simulator) -> None:
    first, second = sim.admin("GET", "clock").json, sim.admin("GET", "clock").json
    assert first == second
    assert (first["now"], first["frozen"]) == ("2026-01-15T12:00:00+00:00", True)
    sim.admin("POST", "clock", {"now": "2026-02-01T00:00:00+02:00"})
    assert sim.admin("GET", "clock").json["now"] == "2026-01-31T22:00:00+00:00"
    assert sim.admin("POST", "clock", {"frozen": False}).json["frozen"] is False
    first, second = sim.admin("GET", "clock").json, sim.admin("GET", "clock").json
    assert "2026-01-31T22:00:00" <= first["now"] < second["now"] < "2026-01-31T22:01:00"


def test_the_clock_decides_what_is_timely_and_what_is_held(sim: Simulator) -> None:
    key = sim.key("Trading")
    told = sim.get(key).raw
    later = sim.balance_at(key, NOW_SECONDS + 3600)
    assert later.status == 200
    assert later.headers["date"] == "Thu, 15 Jan 2026 13:00:00 GMT"
    assert later.raw != told
    assert sim.get(key).reason == "timestamp outside of window"
    assert sim.balance_at(key, NOW_SECONDS).raw == told


def test_balances_can_be_told(sim: Simulator) -> None:
    key = sim.key("Own account")
    told = sim.get(key).raw
    assert sim.admin("POST", "balance", {"key_id": key["key_id"], "assets": ASSETS}).status == 200
    assert sim.get(key).json == {"assets": ASSETS}
    assert sim.balance_at(key, NOW_SECONDS + 10**6).json == {"assets": ASSETS}
    sim.admin("POST", "balance", {"key_id": key["key_id"], "assets": {}})
    assert sim.balance_at(key, NOW_SECONDS).json == {"assets": {}}
    sim.admin("POST", "balance", {"key_id": key["key_id"], "assets": None})
    assert sim.get(key).raw == told


def test_told_balances_keep_the_form_of_the_account(sim: Simulator) -> None:
    key = sim.key("Settlement")
    sim.admin("POST", "balance", {"key_id": key["key_id"], "assets": ASSETS})
    assert sim.get(key).json == {"assets": [ASSETS]}
    sim.admin("POST", "balance", {"key_id": key["key_id"], "assets": None})


@pytest.mark.parametrize("total", [1.5, "1", None, True])
def test_told_amounts_are_integers(sim: Simulator, total: object) -> None:
    assets = {"BTC": {**ASSETS["BTC"], "total": total}}
    order = {"key_id": sim.key("Custody")["key_id"], "assets": assets}
    assert sim.admin("POST", "balance", order).status == 400


def test_a_new_key_works_beside_the_old_one(sim: Simulator, spare: Key) -> None:
    old = sim.key("Spare organization")
    assert spare["key_id"] != old["key_id"]
    assert sim.get(spare, "/qapi/v1/account").status == 200
    assert sim.get(spare).raw == sim.get(old).raw


def test_a_revoked_key_is_unknown(sim: Simulator, spare: Key) -> None:
    assert sim.admin("DELETE", "key", {"key_id": spare["key_id"]}).status == 200
    assert sim.get(spare).reason == "invalid api key"
    assert sim.admin("DELETE", "key", {"key_id": spare["key_id"]}).status == 404


def test_a_rotated_key_replaces_all_before_it() -> None:
    simulator = Simulator.start("--now", "2026-01-15T12:00:00Z", "--frozen")
    try:
        account = simulator.account("Spare personal")
        order = {"account": account["id"], "permissions": ["balances"], "replace": True}
        made = simulator.admin("POST", "key", order).json
        assert simulator.get(account["keys"][0]).reason == "invalid api key"
        assert simulator.get(made).status == 200
    finally:
        simulator.stop()
