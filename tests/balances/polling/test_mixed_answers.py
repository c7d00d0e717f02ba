"""An answer that another account was given is asked for again before it is recorded."""

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import DataError, OperationalError

import qredo
from accounts.enrolment import Candidate
from accounts.models import Account, Environment
from accounts.vault import secrets
from balances.ledger import schedules
from balances.lifecycle.onboarding import add_account
from balances.models import Holding, Schedule, Snapshot, Upstream
from balances.polling import mixed_answers, refreshes
from balances.polling import poll as polling_poll
from balances.polling.recording import Recorded
from balances.polling.results import Result
from tests.conftest import Cast
from tests.support import props
from tests.support.history import answer_of, at
from tests.support.servers.qredo_server import Answer, QredoServer, coin, holding, refusal

MIXED = "The answer could not be confirmed"
STEP = timedelta(minutes=5)


class Scene:
    """Accounts of the fund at a server that can mix answers up; time goes on poll by poll."""

    def __init__(self, server: QredoServer, cast: Cast) -> None:
        self.server, self.cast, self.now = server, cast, at(10)
        self.keys: dict[int, str] = {}

    def account(self, label: str, answer: Answer, owner: Any = None) -> Account:
        """Enrol an account without polling it; its first slot is the next round's."""
        key = self.server.new_key(answer)
        account = props.enrolled(key, label, owner or self.cast.fund)
        props.scheduled(account, self.now, 300)
        self.keys[account.pk] = key[0]
        return account

    def answers(self, account: Account, *answers: Answer) -> None:
        """Let a key be answered so in turn; the last one stays."""
        left = list(answers)
        self.server.answers[self.keys[account.pk]] = lambda: (
            left.pop(0) if len(left) > 1 else left[0]
        )

    def poll(self, *accounts: Account) -> list[Recorded]:
        """Poll what is due of these, and let an interval pass."""
        recorded = props.polled(accounts, self.now)
        self.now += STEP
        return recorded

    def requests(self, account: Account) -> int:
        """Return how often the account was asked since the last time."""
        asked = self.server.requests_of(self.keys[account.pk])
        self.server.requests[:] = [one for one in self.server.requests if one not in asked]
        return len(asked)


@pytest.fixture
def scene(cast: Cast, settings: Any) -> Iterator[Scene]:
    with QredoServer().running() as server:
        settings.QREDO_GIVEN_URLS = {"production": server.url, "sandbox": server.url}
        yield Scene(server, cast)


def held(account: Account) -> dict[str, int]:
    return {h.asset: int(h.total) for h in Holding.objects.filter(account=account)}


MINE, THEIRS, OTHERS = holding(BTC=coin(14)), holding(BTC=coin(1_002)), holding(BTC=coin(77))


@pytest.fixture
def pair(scene: Scene) -> tuple[Account, Account]:
    """Two accounts of different owners, each of which was given its own balances."""
    mine = scene.account("Mine", MINE)
    theirs = scene.account("Theirs", THEIRS, scene.cast.other)
    scene.poll(mine, theirs)
    assert (scene.requests(mine), scene.requests(theirs)) == (1, 1)
    return mine, theirs


def test_what_another_account_was_given_is_not_recorded_unless_it_is_confirmed(
    scene: Scene, pair: tuple[Account, Account], caplog: pytest.LogCaptureFixture
) -> None:
    mine, theirs = pair
    before = Schedule.objects.get(account=mine)
    scene.answers(mine, THEIRS, MINE)
    scene.poll(mine, theirs)
    after = Schedule.objects.get(account=mine)
    assert held(mine) == {"BTC": 14}
    assert (after.digest, after.observed_at) == (before.digest, before.observed_at)
    assert Snapshot.objects.filter(account=mine).count() == 1
    assert (after.last_reason, after.last_detail[: len(MIXED)]) == ("upstream_error", MIXED)
    assert (scene.requests(mine), scene.requests(theirs)) == (2, 1)
    (line,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    said = line.getMessage()
    assert all(word in said for word in (str(mine.uid), str(theirs.uid), "production"))
    assert not any(word in said for word in ("1002", scene.keys[mine.pk], "Theirs"))
    # What a page may show of it names nobody else.
    assert not any(word in after.last_detail for word in (str(theirs.uid), "Theirs"))


def test_nothing_of_a_mixed_answer_is_kept(scene: Scene, pair: tuple[Account, Account]) -> None:
    mine, theirs = pair
    scene.answers(mine, THEIRS, Answer(b"not JSON"))
    scene.poll(mine, theirs)
    assert held(mine) == {"BTC": 14}
    assert not mine.rejectedanswer_set.exists()


def test_two_that_came_to_hold_the_same_are_recorded_and_not_asked_twice_again(
    scene: Scene, pair: tuple[Account, Account]
) -> None:
    mine, theirs = pair
    scene.answers(mine, THEIRS)
    (recorded, _) = scene.poll(mine, theirs)
    assert (recorded.outcome, held(mine)) == ("fresh", {"BTC": 1_002})
    assert scene.requests(mine) == 2
    scene.poll(mine, theirs)
    assert (scene.requests(mine), scene.requests(theirs)) == (1, 2)


def test_the_recorded_instant_is_that_of_the_second_request(
    scene: Scene, pair: tuple[Account, Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = pair
    now_polled(theirs)
    sent: list[float] = []
    ask = polling_poll._answer

    def noted(*given: Any) -> Any:
        answer = ask(*given)
        assert isinstance(answer, qredo.BalanceAnswer)
        sent.append(answer.sent_monotonic)
        return answer

    monkeypatch.setattr(polling_poll, "_answer", noted)
    scene.answers(mine, THEIRS)
    before, monotonic = schedules.clock(), time.monotonic()
    refreshes.refresh_now([mine])
    first, second = sent
    assert first < second
    observed = Snapshot.objects.filter(account=mine).latest("observed_at").observed_at
    # The two clocks are read a moment apart, so the nearer request is the recorded one.
    offset = (observed - before).total_seconds() + monotonic
    assert abs(offset - second) < abs(offset - first)


def test_two_keys_of_one_qredo_account_are_asked_once_a_poll(
    scene: Scene, pair: tuple[Account, Account]
) -> None:
    one = pair[0]
    other = scene.account("The same", MINE)
    scene.poll(one, other)
    assert scene.requests(other) == 2  # nobody knows yet that they are a pair
    scene.requests(one)
    for total in (15, 16, 17):
        for account in (one, other):
            scene.answers(account, holding(BTC=coin(total)))
        scene.poll(one, other)
        assert (scene.requests(one), scene.requests(other)) == (1, 1)
        assert held(one) == held(other) == {"BTC": total}
    # Also where one of them is asked later.
    for number in (20, 21):
        scene.answers(one, holding(BTC=coin(number)))
        scene.answers(other, holding(BTC=coin(number)))
        scene.poll(one)
        scene.poll(other)
        assert (scene.requests(one), scene.requests(other)) == (1, 1)


def test_a_twin_explains_an_answer_that_a_third_account_has_as_well(
    scene: Scene, pair: tuple[Account, Account]
) -> None:
    one, third = pair
    twin = scene.account("The same", MINE)
    scene.poll(one, third, twin)
    for account in (one, twin):
        scene.requests(account)
        scene.answers(account, THEIRS)
    scene.poll(one, twin)
    assert (scene.requests(one), scene.requests(twin)) == (1, 1)
    assert held(one) == held(twin) == held(third) == {"BTC": 1_002}


def test_two_of_one_chunk_that_change_to_the_same_are_both_asked_again(
    scene: Scene, pair: tuple[Account, Account]
) -> None:
    mine, theirs = pair
    scene.answers(mine, OTHERS, MINE)
    scene.answers(theirs, OTHERS)
    scene.poll(mine, theirs)
    assert (held(mine), held(theirs)) == ({"BTC": 14}, {"BTC": 77})
    assert (scene.requests(mine), scene.requests(theirs)) == (2, 2)


def test_two_new_accounts_that_are_answered_the_same_at_once_are_no_pair(scene: Scene) -> None:
    mine, theirs = scene.account("Mine", MINE), scene.account("Theirs", THEIRS, scene.cast.other)
    scene.answers(mine, THEIRS, MINE)
    scene.poll(mine, theirs)
    assert (scene.requests(mine), scene.requests(theirs)) == (2, 2)
    assert (held(mine), held(theirs)) == ({}, {"BTC": 1_002})


def test_what_another_account_was_given_before_its_newest_answer_counts(
    scene: Scene, pair: tuple[Account, Account]
) -> None:
    mine, theirs = pair
    scene.answers(theirs, OTHERS)
    scene.poll(mine, theirs)
    scene.answers(mine, THEIRS, MINE)
    scene.poll(mine, theirs)
    assert held(mine) == {"BTC": 14}


@pytest.mark.parametrize(
    ("seconds", "minutes", "is_known"),
    [(300, 45, True), (300, 65, False), (3_600, 240, True), (3_600, 370, False)],
)
def test_for_how_long_it_is_known_what_another_account_was_given(
    scene: Scene, seconds: int, minutes: int, *, is_known: bool
) -> None:
    mine, theirs = scene.account("Mine", MINE), scene.account("Theirs", THEIRS, scene.cast.other)
    for account in (mine, theirs):
        props.scheduled(account, at(10), seconds)
    scene.poll(mine, theirs)
    scene.now = at(10) + timedelta(minutes=minutes)
    scene.answers(mine, THEIRS, MINE)
    (recorded,) = scene.poll(mine)
    assert recorded.outcome == ("failed" if is_known else "fresh")
    assert held(mine) == {"BTC": 14 if is_known else 1_002}


def test_an_account_that_fails_is_still_known_by_what_it_was_given(
    scene: Scene, pair: tuple[Account, Account]
) -> None:
    mine, theirs = pair
    scene.answers(theirs, Answer(b"", 103))
    scene.answers(mine, THEIRS, MINE)
    scene.poll(mine, theirs)
    assert held(mine) == {"BTC": 14}


def test_a_first_answer_is_asked_for_again(scene: Scene, pair: tuple[Account, Account]) -> None:
    theirs = pair[1]
    new = scene.account("New", THEIRS)
    scene.answers(new, THEIRS, OTHERS)
    scene.poll(new, theirs)
    assert held(new) == {}
    assert scene.requests(new) == 2


def test_nothing_is_common_and_asked_for_once(scene: Scene, pair: tuple[Account, Account]) -> None:
    nothing = holding()
    for account in pair:
        scene.answers(account, nothing)
    scene.poll(*pair)
    assert [scene.requests(account) for account in pair] == [1, 1]
    assert [held(account) for account in pair] == [{"BTC": 0}, {"BTC": 0}]


def test_zeros_by_name_are_no_reason_to_believe_a_mixed_answer(
    scene: Scene, pair: tuple[Account, Account]
) -> None:
    mine, theirs = pair
    zeros = holding(BTC=coin(0))
    scene.answers(theirs, zeros)
    scene.poll(mine, theirs)
    scene.answers(mine, zeros, MINE)
    scene.poll(mine, theirs)
    assert held(mine) == {"BTC": 14}


def test_a_second_answer_in_other_words_confirms(
    scene: Scene, pair: tuple[Account, Account]
) -> None:
    mine, theirs = pair
    scene.answers(mine, THEIRS, Answer(THEIRS.body.replace(b" ", b"")))
    scene.poll(mine, theirs)
    assert held(mine) == {"BTC": 1_002}


def test_a_second_request_that_fails_confirms_nothing(
    scene: Scene, pair: tuple[Account, Account]
) -> None:
    mine, theirs = pair
    scene.answers(mine, THEIRS, refusal(429, "too fast", Retry_After="7"))
    scene.poll(mine, theirs)
    schedule = Schedule.objects.get(account=mine)
    assert held(mine) == {"BTC": 14}
    assert (schedule.last_reason, schedule.last_detail[: len(MIXED)]) == ("rate_limited", MIXED)
    assert Upstream.objects.get(environment="production", is_demo=False).rate is not None


def test_a_second_connection_that_cannot_be_prepared_takes_no_other_account_along(
    scene: Scene, pair: tuple[Account, Account], settings: Any
) -> None:
    mine, theirs = pair
    third = scene.account("Third", OTHERS)

    def answer() -> Answer:
        # The file of certificates goes away between the first answer and the second request.
        settings.QREDO_CA_FILE = "/nowhere/certificates.pem"
        return THEIRS

    scene.server.answers[scene.keys[mine.pk]] = answer
    recorded = {one.account_id: one.outcome for one in scene.poll(mine, theirs, third)}
    assert recorded == {mine.pk: "failed", theirs.pk: "fresh", third.pk: "fresh"}
    schedule = Schedule.objects.get(account=mine)
    assert (schedule.last_reason, schedule.last_detail[: len(MIXED)]) == ("tls", MIXED)
    assert held(mine) == {"BTC": 14}


def test_asking_again_takes_a_token_of_its_environment(
    scene: Scene, pair: tuple[Account, Account]
) -> None:
    mine, theirs = pair
    Schedule.objects.filter(account=mine).update(next_slot=at(10), last_attempt_at=None)
    upstream = Upstream.objects.filter(environment="production", is_demo=False)
    Schedule.objects.filter(account=theirs).update(last_attempt_at=datetime.now(UTC))

    def spent(*answers: Answer) -> float:
        scene.answers(mine, *answers)
        upstream.update(tokens=100)
        refreshes.refresh_now([mine])
        return 100 - upstream.get().tokens

    assert spent(MINE) == pytest.approx(1)
    assert spent(THEIRS) == pytest.approx(2)


def candidate(key: tuple[str, str]) -> Candidate:
    return Candidate(key[0], qredo.decode_secret(key[1]), Environment.PRODUCTION)


def now_polled(*accounts: Account) -> None:
    Schedule.objects.filter(account__in=accounts).update(last_attempt_at=datetime.now(UTC))


def test_enrolment_stores_nothing_that_is_not_confirmed(
    scene: Scene, pair: tuple[Account, Account], caplog: pytest.LogCaptureFixture
) -> None:
    now_polled(*pair)
    left = [THEIRS, OTHERS]
    key = scene.server.new_key()
    scene.server.answers[key[0]] = lambda: left.pop(0)
    with pytest.raises(qredo.QredoError, match=MIXED) as refused:
        add_account(candidate(key), label="New", owner=scene.cast.fund, by=None)
    assert not Account.objects.filter(label="New").exists()
    assert not any(word in str(refused.value) for word in ("Theirs", str(pair[1].uid)))
    assert any(str(pair[1].uid) in one.getMessage() for one in caplog.records)


def test_enrolment_stores_what_is_confirmed(scene: Scene, pair: tuple[Account, Account]) -> None:
    now_polled(*pair)
    key = scene.server.new_key(THEIRS)
    added = add_account(candidate(key), label="New", owner=scene.cast.fund, by=None)
    assert held(added.account) == {"BTC": 1_002}
    assert len(scene.server.requests_of(key[0])) == 2


def test_the_first_answer_of_a_new_key_is_asked_for_again(
    scene: Scene, pair: tuple[Account, Account]
) -> None:
    mine, theirs = pair
    key = scene.server.new_key(THEIRS)
    left = [THEIRS, MINE]
    mine.keys.update(key_id=key[0], sealed=sealed(mine, key))
    scene.keys[mine.pk] = key[0]
    scene.server.answers[key[0]] = lambda: left.pop(0)
    scene.poll(mine, theirs)
    assert held(mine) == {"BTC": 14}


def sealed(account: Account, key: tuple[str, str]) -> str:
    uid: UUID = account.keys.get().uid
    return secrets.seal(qredo.decode_secret(key[1]), key_uid=uid, account_uid=account.uid)


@pytest.mark.parametrize("broken", ["all together", "one of them"])
def test_what_cannot_be_compared_takes_no_other_account_along(
    scene: Scene, pair: tuple[Account, Account], monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """A statement that fails is one account's failure, and a mix-up of the others is seen."""
    mine, theirs = pair
    third = scene.account("Third", OTHERS)
    look_up = mixed_answers.doubtful

    def fails(results: Any, **options: Any) -> Any:
        results = list(results)
        if len(results) > 2 or (broken == "one of them" and results[0].account_id == third.pk):
            raise DataError("a made-up failure of a statement")
        return look_up(results, **options)

    monkeypatch.setattr(mixed_answers, "doubtful", fails)
    scene.answers(mine, holding(BTC=coin(31)), MINE)
    scene.answers(theirs, holding(BTC=coin(31)))
    recorded = {one.account_id: one for one in scene.poll(mine, theirs, third)}
    whole = broken == "all together"
    assert recorded[third.pk].outcome == ("fresh" if whole else "failed")
    assert held(third) == ({"BTC": 77} if whole else {})
    if not whole:
        assert "could not be compared" in recorded[third.pk].detail
    # Both were given the same at once, so both were asked again.
    assert (held(mine), held(theirs)) == ({"BTC": 14}, {"BTC": 31})
    assert (scene.requests(mine), scene.requests(theirs)) == (2, 2)


@pytest.mark.parametrize(
    ("state", "is_over"),
    [("57014", False), ("53400", False), ("40P01", False), ("08006", True), ("57P01", True)],
)
def test_only_a_database_that_is_away_ends_the_chunk(
    scene: Scene,
    pair: tuple[Account, Account],
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    is_over: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise OperationalError("made up") from psycopg.errors.lookup(state)()

    monkeypatch.setattr(mixed_answers, "doubtful", fails)
    if is_over:
        with pytest.raises(OperationalError):
            scene.poll(*pair)
    else:
        assert {one.outcome for one in scene.poll(*pair)} == {"failed"}


def test_who_did_not_change_is_not_looked_up(
    scene: Scene, pair: tuple[Account, Account], django_assert_num_queries: Any
) -> None:
    digests = {pk: bytes(d or b"") for pk, d in Schedule.objects.values_list("pk", "digest")}
    results = [
        Result(account.pk, account.uid, answer_of(answer.body))
        for account, answer in zip(pair, (MINE, THEIRS), strict=True)
    ]
    assert [result.answer.digest for result in results if result.answer] == [*digests.values()]
    with django_assert_num_queries(1):
        assert mixed_answers.doubtful(results, now=scene.now) == {}
