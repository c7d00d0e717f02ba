"""Adding an account: test the key, keep both, store the answer as the first snapshot."""

from dataclasses import dataclass

import qredo
from accounts import enrolment
from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.enrolment import Candidate
from accounts.models import Account, Organization, User
from balances import ledger, refreshing, scheduling


@dataclass(frozen=True, slots=True)
class Added:
    """A new account, and whether its key answered."""

    account: Account
    verified: bool


def add_account(
    candidate: Candidate,
    *,
    label: str,
    owner: User | Organization,
    by: User | None,
    verify: bool = True,
) -> Added:
    """Add an account; an organization that is not stored yet is stored along with it.

    Raise `qredo.QredoError` or `enrolment.LabelTakenError`; then nothing is kept.
    """
    since = ledger.clock()  # before the answer, so that its owner's time covers it
    answer = enrolment.test_key(candidate) if verify else None
    behind = enrolment.account_behind(candidate) if verify else ""
    with together():
        account = enrolment.keep(
            candidate,
            label=label,
            owner=_stored(owner, by),
            by=by,
            verified=answer is not None,
            since=since,
            qredo_account=behind,
        )
        scheduling.add_missing([account])
        if answer is not None:
            _store_first(account, answer, by=by)
    return Added(account, verified=answer is not None)


def _stored(owner: User | Organization, by: User | None) -> User | Organization:
    if isinstance(owner, User) or owner.pk is not None:
        return owner
    # By name: another command may have made it meanwhile.
    stored, made = Organization.objects.get_or_create(name=owner.name)
    if made:
        record("organization.added", objects.organization(stored), by=by)
    return stored


def _store_first(account: Account, answer: qredo.BalanceAnswer, *, by: User | None) -> None:
    refreshing.record_answer(refreshing.ask(account, by=by), answer)
