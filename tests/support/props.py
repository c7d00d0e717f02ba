"""Things that tests make: people, enrolled accounts, polls at chosen instants."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.test import Client

import qredo
from accounts import enrolment, offers, sharing
from accounts.enrolment import Candidate
from accounts.models import Account, Environment, Organization, Share, User
from balances.models import Schedule
from balances.polling import claims, poll, schedules
from balances.polling.recording import Recorded

#: Every account of the tests has belonged to its owner since then.
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PASSWORD = "a made-up pass phrase"


def person(name: str) -> User:
    """Return a new person with a name and an e-mail address."""
    return User.objects.create_user(f"{name}@example.com", PASSWORD, name=name.title())


def signed_in(user: User, *, ago: float = 0, **options: Any) -> Client:
    """Return a test client of somebody who has signed in so many seconds ago."""
    browser = Client(**options)
    browser.force_login(user)
    session = browser.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - ago}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return browser


def enrolled(
    key: tuple[str, str],
    label: str,
    owner: User | Organization,
    *,
    environment: Environment = Environment.PRODUCTION,
) -> Account:
    """Return a new account with its sealed key, without a first poll."""
    candidate = Candidate(key[0], qredo.decode_secret(key[1]), environment)
    return enrolment.keep(
        candidate, label=label, owner=owner, by=None, verified=True, since=LONG_AGO
    )


def shared(account: Account, reader: User, *, counted: bool = False) -> Share:
    """Let a person offer their account and another one accept it, and count it."""
    account.refresh_from_db()
    assert account.owner is not None
    offer = sharing.offer(account, reader.email, by=account.owner)
    share = offers.accept(offer.uid, by=reader)
    return offers.count(account.uid, counted=True, by=reader) if counted else share


def scheduled(account: Account, first_slot: datetime, interval_seconds: int) -> None:
    """Let slots of an account fall due from `first_slot` on."""
    schedules.add_missing([account])
    Schedule.objects.filter(account=account).update(
        next_slot=first_slot, interval_seconds=interval_seconds
    )


def polled(accounts: Iterable[Account], at: datetime) -> list[Recorded]:
    """Claim what is due at `at`, poll the simulator, record under that instant."""
    due = claims.claim_due(limit=1000, now=at, only=[account.pk for account in accounts])
    return poll.poll(due, now=at)
