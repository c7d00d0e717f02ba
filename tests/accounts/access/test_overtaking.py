"""What two people decide at once is decided in an order, and what is recorded is that order."""

import json
from typing import Any

import pytest
from django.conf import settings as project
from django.db import transaction

from accounts import enrolment, invitations, offers, sharing
from accounts.enrolment import KeyChangedError
from accounts.models import (
    Account,
    ApiKey,
    EntryRule,
    Extent,
    Invitation,
    Membership,
    Organization,
    Role,
    Share,
    User,
    Wallets,
)
from balances.evidence.verification.verify import verify
from balances.ledger import rollups, schedules
from balances.lifecycle import ownership
from balances.models import Snapshot
from balances.polling import entry_rules, recording
from balances.polling.results import Result
from tests.support import acts, props
from tests.support.history import (
    StoppedClock,
    answer_of,
    at,
    claimed,
    coins,
    keyless,
    of_person,
    seen,
)
from tests.support.overtaking import behind
from tests.support.servers.qredo_server import coin

#: Rows that other connections see. The apps are named because only then are all tables emptied.
pytestmark = pytest.mark.django_db(transaction=True, available_apps=list(project.INSTALLED_APPS))


TWICE = json.dumps({"assets": [{"BTC": coin(3)}, {"BTC": coin(4)}]}).encode()


@pytest.fixture
def fund() -> Organization:
    return Organization.objects.create(name="Fund")


@pytest.fixture
def admin(fund: Organization) -> User:
    person = props.person("admin")
    Membership.objects.create(organization=fund, user=person, role=Role.ADMIN)
    return person


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10, 6))


def test_an_invitation_that_is_being_withdrawn_lets_nobody_in(
    fund: Organization, admin: User
) -> None:
    person = props.person("new")
    link = invitations.invite(fund, email=person.email, role=Role.ADMIN, by=admin)
    invitation = invitations.find(link)
    with pytest.raises(invitations.GoneError):
        behind(
            lambda: invitations.withdraw(fund, email=person.email, by=admin),
            lambda: invitations.join(invitation, person),
        )
    assert not fund.memberships.filter(user=person).exists()
    assert Invitation.objects.get().accepted_at is None
    assert acts.words(fund)[-1] == "invitation.withdrawn"


def test_an_invitation_that_is_being_taken_up_cannot_be_withdrawn(
    fund: Organization, admin: User
) -> None:
    person = props.person("new")
    link = invitations.invite(fund, email=person.email, role=Role.VIEWER, by=admin)
    invitation = invitations.find(link)
    assert not behind(
        lambda: invitations.join(invitation, person),
        lambda: invitations.withdraw(fund, email=person.email, by=admin),
    )
    assert acts.words(fund)[-1] == "member.added"


def test_nothing_is_said_of_a_key_that_is_being_replaced(fund: Organization, admin: User) -> None:
    account = keyless("Vault", at(10))
    old = _key(account, "old")

    def replace() -> None:
        ApiKey.objects.filter(pk=old.pk).update(replaced_at=at(10, 1), sealed="")
        _key(account, "new")

    with pytest.raises(KeyChangedError):
        behind(replace, lambda: enrolment.declare(account, Wallets.SOME, of=old.uid, by=admin))
    assert not Extent.objects.exists()
    assert "key.declared" not in acts.words(fund)


def test_what_is_being_said_of_a_key_is_said_once(fund: Organization, admin: User) -> None:
    key = _key(account := keyless("Vault", at(10)), "old")
    say: Any = lambda: enrolment.declare(account, Wallets.SOME, of=key.uid, by=admin)  # noqa: E731
    assert not behind(say, say)
    assert Extent.objects.count() == 1
    assert acts.words(fund).count("key.declared") == 1


def test_an_answer_behind_a_rule_is_recorded_by_it(fund: Organization, admin: User) -> None:  # noqa: ARG001 - the fund is hers
    account, now = keyless("Vault", props.LONG_AGO), schedules.clock()
    claim = claimed(account, now)
    recorded = behind(
        lambda: entry_rules.record_rule(account, summed=True, reason="Two wallets.", by=admin),
        lambda: recording.record([Result(claim.account_id, claim.token, answer_of(TWICE))]),
    )
    assert [one.outcome for one in recorded] == ["fresh"]
    rule = EntryRule.objects.get()
    assert Snapshot.objects.get().observed_at >= rule.since > now
    assert verify().findings == []


def test_a_rule_behind_an_answer_ends_after_it(fund: Organization, admin: User) -> None:  # noqa: ARG001
    account = keyless("Vault", props.LONG_AGO)
    entry_rules.record_rule(account, summed=True, reason="Two wallets.", by=admin)
    claim = claimed(account, schedules.clock())
    result = Result(claim.account_id, claim.token, answer_of(TWICE))
    assert behind(
        lambda: recording.record([result]),
        lambda: entry_rules.record_rule(account, summed=False, reason="One.", by=admin),
    )
    assert EntryRule.objects.latest("since").since > Snapshot.objects.get().observed_at
    assert verify().findings == []


def _key(account: Account, key_id: str) -> ApiKey:
    return ApiKey.objects.create(account=account, key_id=key_id, sealed="hpke1.AQ" + "A" * 80)


def test_of_two_transfers_at_once_the_second_is_from_whom_the_first_gave_it_to(
    fund: Organization, admin: User, clock: StoppedClock
) -> None:
    other = Organization.objects.create(name="Other")
    third = Organization.objects.create(name="Third")
    account = keyless("Vault", at(10))
    seen(account, at(10), BTC=coins(1))
    clock.now = at(10, 6)
    behind(
        lambda: ownership.transfer(account, other, by=admin),
        lambda: ownership.transfer(Account.objects.get(pk=account.pk), third, by=admin),
    )
    given = [one for one in acts.acts_of(other) if one.act == "account.transferred"]
    assert [(one.before["owner"], one.after["owner"]) for one in given] == [
        ("Fund", "Other"),
        ("Other", "Third"),
    ]
    assert [one.before["owner"] for one in acts.acts_of(third)] == ["Other"]
    assert [one.after["owner"] for one in acts.acts_of(fund)] == ["Other"]


def test_a_transfer_that_was_asked_for_by_an_owner_who_is_losing_it_is_refused(
    fund: Organization, admin: User, clock: StoppedClock
) -> None:
    other = Organization.objects.create(name="Other")
    account = keyless("Vault", at(10))
    seen(account, at(10), BTC=coins(1))
    clock.now = at(10, 6)
    seen_by = (fund.pk, None)
    with pytest.raises(ownership.BadTurnError):
        behind(
            lambda: ownership.transfer(account, other, by=admin, taken_from=seen_by),
            lambda: ownership.count(account, counted=False, by=admin, taken_from=seen_by),
        )
    assert account.tenures.get(ended_at=None).is_counted


def test_what_is_being_polled_while_sums_are_made_anew_counts_once(fund: Organization) -> None:
    account = keyless("Vault", at(10))
    seen(account, at(10), BTC=coins(100))
    # A new hour of the same day: one row of sums is added and another one is changed.
    behind(
        lambda: seen(account, at(11), BTC=coins(175), ETH=coins(3)),
        lambda: _rebuilt(fund),
    )
    assert rollups.differences() == []


def test_sums_that_are_being_made_anew_hold_up_a_poll(fund: Organization) -> None:
    account = keyless("Vault", at(10))
    seen(account, at(10), BTC=coins(100))
    behind(
        lambda: rollups.rebuild(fund),
        lambda: seen(account, at(11), BTC=coins(175), ETH=coins(3)),
    )
    assert rollups.differences() == []


def _rebuilt(fund: Organization) -> None:
    with transaction.atomic():
        rollups.rebuild(fund)


@pytest.mark.usefixtures("clock")
def test_an_offer_that_is_being_withdrawn_is_not_accepted() -> None:
    owner, reader = props.person("owner"), props.person("reader")
    account = of_person("Pocket", owner)
    offer = sharing.offer(account, reader.email, by=owner)
    with pytest.raises(offers.GoneError):
        behind(
            lambda: sharing.stop(account, reader.email, by=owner),
            lambda: offers.accept(offer.uid, by=reader),
        )
    assert not Share.objects.exists()
    assert acts.words(owner)[-1] == "account.offer_withdrawn"


@pytest.mark.usefixtures("clock")
def test_an_offer_that_is_being_accepted_is_withdrawn_as_a_share() -> None:
    owner, reader = props.person("owner"), props.person("reader")
    account = of_person("Pocket", owner)
    offer = sharing.offer(account, reader.email, by=owner)
    assert behind(
        lambda: offers.accept(offer.uid, by=reader),
        lambda: sharing.stop(account, reader.email, by=owner),
    )
    assert not Share.objects.exists()
    assert acts.words(owner)[-2:] == ["account.shared", "account.unshared"]
