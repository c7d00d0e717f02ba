"""Faults 13, 14 and 15: Qredo is slow, sends drop by drop, or refuses everybody."""

import base64
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from redis import Redis

from tests.faults.audit import Tally
from tests.faults.stage import Stage, tried, valkey
from tests.faults.trial import Trial
from tests.processes.waiting import until
from tests.support.servers.installation import INTERVAL
from tests.support.servers.qredo_server import Answer, refusal

#: With 32 polls at once, as many accounts that answer so late take three intervals a round.
CROWD, ANSWER_SECONDS, SPELL_SECONDS = 600, 2.4, 60.0
#: Accounts whose answers come a byte a second, and the deadline of polls at this interval.
DRIPPING, DEADLINE_SECONDS = 10, 0.4 * INTERVAL
#: At the usual interval the deadline is this; a command is given that interval.
USUAL_INTERVAL, USUAL_DEADLINE_SECONDS = "300", 15.0
#: What a busy machine may be late by.
LATE_SECONDS = 1.5
AVERAGE_ACCOUNTS = 300
REFUSALS = (refusal(429, "slow down", Retry_After="2"), refusal(503, "down"))

Given = Answer | Callable[[], Answer]


def slow(trial: Trial) -> Tally:
    # With the limits that are the default: they are what has to cope.
    return tried(trial, slow_down, accounts=CROWD, settings={}, settle=8 * INTERVAL)


def slow_down(stage: Stage, trial: Trial) -> None:
    with valkey(stage) as broker:
        for _ in range(trial.times):
            with _answering(stage, _late(stage)):
                trial.injected += 1
                backlog = _largest_backlog(broker, SPELL_SECONDS)
            trial.must(backlog <= 1, f"{backlog} claims of one account waited in the broker")
            trial.note(f"at most {backlog} claim an account waited in the broker")


def _late(stage: Stage) -> Callable[[Given], Given]:
    def wrapped(usual: Given) -> Given:
        def answer() -> Answer:
            stage.qredo.closing.wait(ANSWER_SECONDS)
            return usual if isinstance(usual, Answer) else usual()

        return answer

    return wrapped


@contextmanager
def _answering(stage: Stage, changed: Callable[[Given], Given]) -> Iterator[None]:
    """Let everybody be answered differently for a while."""
    usual = dict(stage.qredo.answers)
    stage.qredo.answers.update({key: changed(answer) for key, answer in usual.items()})
    try:
        yield
    finally:
        stage.qredo.answers.update(usual)


def _largest_backlog(broker: "Redis", seconds: float) -> int:
    largest, over = 0, time.monotonic() + seconds
    while time.monotonic() < over:
        largest = max(largest, max(_waiting(broker).values(), default=0))
        time.sleep(0.5)
    return largest


def _waiting(broker: "Redis") -> Counter[int]:
    """Count the claims of each account that wait in the broker or are being worked off."""
    taken = [json.loads(text)[0] for text in broker.hvals("unacked")]
    messages = [json.loads(text) for text in broker.lrange("celery", 0, -1)] + taken
    found: Counter[int] = Counter()
    for message in messages:
        if message["headers"]["task"] == "balances.poll_chunk":
            pairs = json.loads(base64.b64decode(message["body"]))[0][0]
            found.update(account for account, _ in pairs)
    return found


def dripping(trial: Trial) -> Tally:
    return tried(trial, _drip_at_length, accounts=100, settle=8 * INTERVAL)


def _drip_at_length(stage: Stage, trial: Trial) -> None:
    drip(stage, trial)
    _must_end_at(trial, trial.recoveries, DEADLINE_SECONDS)
    with _drops(stage) as keys:
        _ask_at_the_usual_deadline(stage, trial, keys[0])


def drip(stage: Stage, trial: Trial) -> None:
    begun = len(stage.qredo.dripped)
    with _drops(stage) as keys:
        until(lambda: len(stage.qredo.dripped) >= begun + trial.times, 20 * INTERVAL)
        until(lambda: _reasons(stage, keys))
    trial.injected = len(stage.qredo.dripped) - begun
    trial.recoveries += stage.qredo.dripped[begun:]
    reasons = _reasons(stage, keys)
    trial.must(reasons <= {"timeout"}, f"failed with {sorted(reasons)}")


@contextmanager
def _drops(stage: Stage) -> Iterator[list[str]]:
    """Let some accounts be answered drop by drop for a while; give their keys."""
    usual = dict(list(stage.qredo.answers.items())[:DRIPPING])
    stage.qredo.answers.update(dict.fromkeys(usual, Answer(b" " * 600, manner="drip")))
    try:
        yield list(usual)
    finally:
        stage.qredo.answers.update(usual)


def _must_end_at(trial: Trial, seconds: list[float], deadline: float) -> None:
    late = max(seconds)
    trial.must(late <= deadline + LATE_SECONDS, f"a poll took {late:.1f} s, not {deadline:.0f}")
    trial.must(min(seconds) >= deadline - LATE_SECONDS, f"a poll ended after {min(seconds):.1f} s")


def _reasons(stage: Stage, keys: list[str]) -> set[str]:
    asked = (
        "SELECT DISTINCT last_reason FROM balances_schedule s JOIN accounts_apikey k"
        " USING (account_id) WHERE last_reason <> '' AND k.key_id = ANY(%s)"
    )
    return {row[0] for row in stage.installation.sql(asked, keys)}


def _ask_at_the_usual_deadline(stage: Stage, trial: Trial, key: str) -> None:
    installation = stage.installation
    uid = "SELECT a.uid::text FROM accounts_account a JOIN accounts_apikey k ON k.account_id = a.id"
    (account,) = installation.sql(f"{uid} WHERE key_id = %s", key)[0]
    ends: list[tuple[str, str]] = []

    def was_asked() -> bool:
        # It is skipped while the program polls the account.
        begun = len(stage.qredo.dripped)
        asked = ("poll_balances", account, "--json")
        ran = installation.run(*asked, POLL_INTERVAL_SECONDS=USUAL_INTERVAL)
        ends[:] = [(line["outcome"], line["reason"]) for line in ran.told]
        trial.notes[:] = [f"{max(stage.qredo.dripped[begun:], default=0):.1f} s with 15 s to go"]
        return ends[0][0] != "skipped"

    until(was_asked, 8 * INTERVAL)
    trial.must(ends == [("failed", "timeout")], f"a refresh ended as {ends}")
    longest = max(stage.qredo.dripped)
    late = USUAL_DEADLINE_SECONDS + LATE_SECONDS
    trial.must(USUAL_DEADLINE_SECONDS - LATE_SECONDS <= longest <= late, f"{longest:.1f} s")


def refusing(trial: Trial) -> Tally:
    return tried(trial, refuse, accounts=AVERAGE_ACCOUNTS, settings={}, settle=12 * INTERVAL)


def refuse(stage: Stage, trial: Trial) -> None:
    usual = _rate(stage)
    for number in range(trial.times):
        refused = REFUSALS[number % len(REFUSALS)]
        with _answering(stage, _always(refused)):
            trial.injected += 1
            _rate(stage)
            during = _rate(stage)
        trial.must(during < usual / 2, f"{during:.0f} requests a second, {usual:.0f} before")
        trial.note(f"{refused.status}: {during:.1f} requests a second instead of {usual:.1f}")
        stage.comes_back(trial, within=12 * INTERVAL)
    after = _rate(stage)
    trial.must(after > 0.8 * usual, f"the rate stayed at {after:.1f} a second")


def _always(answer: Answer) -> Callable[[Given], Given]:
    return lambda _usual: answer


def _rate(stage: Stage) -> float:
    """Measure requests a second over one interval."""
    begun = stage.asked
    time.sleep(INTERVAL)
    return (stage.asked - begun) / INTERVAL
