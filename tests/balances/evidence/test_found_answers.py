"""Stored answers that look like another account's are listed; honest ones are not."""

import json
from typing import Any

import pytest
from django.core.management.base import CommandError

from accounts.models import Account
from balances.evidence.found_answers import mixed
from balances.management.commands.find_mixed_answers import Command
from balances.models import Schedule
from tests.conftest import Cast
from tests.support.history import at, coins, keyless, seen


@pytest.fixture
def mine(cast: Cast) -> Account:  # noqa: ARG001
    return keyless("Mine", at(10))


@pytest.fixture
def theirs(mine: Account) -> Account:  # noqa: ARG001
    return keyless("Theirs", at(10, 1))


def saw(account: Account, *totals: int, minute: int = 0) -> None:
    """Let an account answer with so many coins, poll by poll; nothing at all for -1."""
    for number, total in enumerate(totals):
        assets = {} if total < 0 else {"BTC": coins(total)}
        seen(account, at(10, minute + 5 * number), **assets)


def every(seconds: int, *accounts: Account) -> None:
    Schedule.objects.filter(account__in=accounts).update(interval_seconds=seconds)


def found() -> list[tuple[str, str, bool]]:
    labels = dict(Account.objects.values_list("uid", "label"))
    return [(labels[one.account], labels[one.other], one.returned) for one in mixed()]


def test_an_answer_of_another_account_is_found(mine: Account, theirs: Account) -> None:
    saw(theirs, 1_002, 1_002, 1_002, 1_002, minute=1)
    saw(mine, 14, 14, 1_002, 14)
    (one,) = mixed()
    assert (one.account, one.other, one.returned) == (mine.uid, theirs.uid, True)
    assert (one.observed_at, one.until) == (at(10, 10), at(10, 15))
    assert one.other_observed_at == at(10, 1)


def test_it_is_found_before_the_other_account_is_given_it(mine: Account, theirs: Account) -> None:
    saw(mine, 14, 1_002, 14, 14)
    saw(theirs, 900, 900, 1_002, 1_003, minute=1)
    assert found() == [("Mine", "Theirs", True)]


def test_what_nobody_asked_for_again_is_found(mine: Account, theirs: Account) -> None:
    saw(theirs, 1_002, 1_002, minute=1)
    saw(mine, 14, 14, 1_002)
    assert found() == [("Mine", "Theirs", False)]
    seen(mine, at(10, 15), BTC=coins(1_002))
    assert found() == []


def test_other_balances_of_its_own_follow(mine: Account, theirs: Account) -> None:
    saw(theirs, 1_002, 1_002, 1_002, minute=1)
    saw(mine, 14, 14, 1_002, 15)
    assert found() == [("Mine", "Theirs", False)]


def test_who_was_given_it_first_is_not_the_one_that_is_named(
    mine: Account, theirs: Account
) -> None:
    saw(theirs, 1_002, 1_002, 1_002, 1_003, minute=1)
    saw(mine, 14, 14, 1_002, 15)
    assert found() == [("Mine", "Theirs", False)]


def test_two_that_were_given_each_others_answer_are_both_found(
    mine: Account, theirs: Account
) -> None:
    every(300, mine, theirs)
    saw(mine, 14, 14, 14, 14, 1_002, 14)
    saw(theirs, 1_002, 1_002, 1_002, 1_002, 14, 1_002, minute=1)
    assert found() == [("Mine", "Theirs", True), ("Theirs", "Mine", True)]


def test_one_that_was_given_the_other_ones_answer_before_is_found(
    mine: Account, theirs: Account
) -> None:
    every(300, mine, theirs)
    saw(mine, 14, 14, 14, 14, 1_002, 14, 14, 14, 14)
    saw(theirs, 1_002, 1_002, 1_002, 1_002, 1_002, 1_002, 14, 1_002, 1_002, minute=1)
    assert found() == [("Mine", "Theirs", True), ("Theirs", "Mine", True)]


def test_two_keys_of_one_account_that_goes_to_and_fro_are_no_mix_up(
    mine: Account, theirs: Account
) -> None:
    every(300, mine, theirs)
    saw(mine, 14, 15, 14, 15, 14)
    saw(theirs, 14, 15, 14, 15, 14, minute=1)
    assert found() == []


def test_a_second_key_of_an_account_that_was_added_later_is_no_mix_up(
    mine: Account, theirs: Account
) -> None:
    every(300, mine, theirs)
    saw(mine, 14, 14, 14, 15, 16, 16)
    seen(theirs, at(10, 14), BTC=coins(15))
    seen(theirs, at(10, 19), BTC=coins(16))
    assert found() == []


def test_two_keys_of_one_account_are_no_mix_up(mine: Account, theirs: Account) -> None:
    saw(mine, 14, 15, 16, 17)
    saw(theirs, 14, 15, 16, 17, minute=1)
    assert found() == []


def test_two_that_come_to_hold_the_same_are_none(mine: Account, theirs: Account) -> None:
    saw(theirs, 5, 5, 5, 5, minute=1)
    saw(mine, 14, 14, 5, 5)
    assert found() == []


def test_the_same_at_quite_other_times_is_none(mine: Account, theirs: Account) -> None:
    saw(theirs, 5, 6, minute=1)
    seen(mine, at(10), BTC=coins(1))
    for hour, total in ((13, 5), (14, 1)):
        seen(mine, at(hour), BTC=coins(total))
    assert found() == []


def test_the_command_lists_them_and_fails(mine: Account, theirs: Account, capsys: Any) -> None:
    Command().handle(json=True)
    assert capsys.readouterr().out == ""
    saw(theirs, 1_002, 1_002, 1_002, 1_002, minute=1)
    saw(mine, 14, 14, 1_002, 14)
    with pytest.raises(CommandError, match="1 stored answers look like") as failed:
        Command().handle(json=True)
    assert failed.value.returncode == 1
    (line,) = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert (line["account"], line["other"]) == (str(mine.uid), str(theirs.uid))
    assert (line["observed_at"], line["returned"]) == ("2026-03-02T10:10:00Z", True)
    assert len(line["digest"]) == 64


def test_what_another_account_is_given_hours_later_is_none(mine: Account, theirs: Account) -> None:
    saw(mine, 1, 5, 1)
    seen(theirs, at(10, 1), BTC=coins(6))
    seen(theirs, at(14), BTC=coins(5))
    assert found() == []
