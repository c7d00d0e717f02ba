import json
import re
import signal
import socket
import subprocess
import sys
import time
from base64 import b64decode

import pytest

from tests.sandbox.harness import NOW, NOW_SECONDS, ROOT, Simulator


def run(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "qredo_sandbox", *options]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )


def test_the_first_line_says_where_and_with_which_keys(sim: Simulator) -> None:
    about = sim.about
    assert about["seed"] == 1
    assert about["environments"] == {
        "production": f"{about['address']}/qapi/v1",
        "sandbox": f"{about['address']}/sandbox/qapi/v1",
    }
    assert len(about["accounts"]) == 17
    assert sum(account["spare"] for account in about["accounts"]) == 3
    keys = [key for account in about["accounts"] for key in account["keys"]]
    assert len({key["key_id"] for key in keys}) == len(keys) == 17
    for key in keys:
        assert re.fullmatch(r"[A-Za-z0-9_-]{14}", key["key_id"])
        assert len(b64decode(key["secret"], validate=True)) == 60


def test_accounts_say_whose_they_are(sim: Simulator) -> None:
    for account in sim.about["accounts"]:
        personal = account["kind"] == "personal"
        assert (account["person"] is not None) == personal
        assert (account["organization"] is None) == personal
    owners = [account["organization"] or account["person"] for account in sim.about["accounts"]]
    assert {owner: owners.count(owner) for owner in owners} == {
        "Demo Fund": 7,
        "Demo Exchange": 5,
        "Demo treasurer": 2,
        "Demo analyst": 1,
        "Demo Spare": 2,
    }


def test_the_same_seed_is_the_same_everywhere(sim: Simulator) -> None:
    twin, other = Simulator.start("--now", NOW, "--frozen"), Simulator.start("--seed", "2")
    try:
        assert twin.about["accounts"] == sim.about["accounts"]
        assert other.key("Custody") != sim.key("Custody")
        for offset in (10**6, 0, -(10**6)):
            for name in ("Trading", "Custody", "Fees"):
                key, second = sim.key(name), NOW_SECONDS + offset
                assert twin.balance_at(key, second).raw == sim.balance_at(key, second).raw
    finally:
        assert (twin.stop(), other.stop()) == (0, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_with_clients_connected(number: signal.Signals) -> None:
    simulator = Simulator.start()
    simulator.fault({"key_id": "*"}, "hang")
    with socket.create_connection(("127.0.0.1", simulator.port)) as client:
        client.sendall(b"GET /qapi/v1/balance HTTP/1.1\r\nHost: here\r\n\r\n")
        simulator.process.send_signal(number)
        assert simulator.process.wait(10) == 0
    assert simulator.process.stderr is not None
    assert simulator.process.stderr.read() == ""
    simulator.stop()


def test_it_ends_with_its_standard_input_only_if_told_so() -> None:
    bound = Simulator.start("--exit-with-stdin", stdin=subprocess.PIPE)
    free = Simulator.start(stdin=subprocess.PIPE)
    for simulator in (bound, free):
        assert simulator.process.stdin is not None
        simulator.process.stdin.close()
    assert bound.process.wait(10) == 0
    assert free.admin("GET", "clock").status == 200
    assert free.process.poll() is None
    assert (bound.stop(), free.stop()) == (0, 0)


def test_without_a_time_its_clock_is_the_real_one() -> None:
    simulator = Simulator.start()
    try:
        now = str(int(time.time()))
        headers = simulator.signed(simulator.key("Custody"), timestamp=now)
        assert simulator.request("GET", "/qapi/v1/balance", headers).status == 200
    finally:
        simulator.stop()


@pytest.mark.parametrize(
    "options",
    [
        ("--host", "0.0.0.0"),  # noqa: S104 - the point is that it is refused
        ("--host", "192.0.2.1"),
        ("--now", "2026-01-15T12:00:00"),
        ("--now", "yesterday"),
        ("--port", "65536"),
    ],
)
def test_wrong_options_are_refused(options: tuple[str, str]) -> None:
    ended = run(*options)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr


def test_a_taken_port_is_an_error_in_one_line(sim: Simulator) -> None:
    ended = run("--port", str(sim.port))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert len(ended.stderr.splitlines()) == 1


def test_secrets_appear_on_the_first_line_only(sim: Simulator) -> None:
    secrets = [key["secret"] for account in sim.about["accounts"] for key in account["keys"]]
    told = json.dumps(sim.admin("GET", "requests").json) + sim.get(sim.key("Custody")).raw.decode()
    assert not any(secret in told for secret in secrets)
