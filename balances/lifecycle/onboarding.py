"""Adding an account: test the key, keep both, store the answer as the first snapshot."""

import logging
from dataclasses import dataclass

import qredo
from accounts import enrolment
from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.enrolment import Candidate
from accounts.models import Account, Organization, User
from accounts.shared.demo_data import check_unmixed
from balances.ledger import schedules
from balances.polling import mixed_answers, refreshes
from balances.polling import schedules as polling_schedules

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Added:
    """A new account, and whether its key answered; `refused` is why that answer was not taken."""

    account: Account
    verified: bool
    refused: str = ""


def add_account(
    candidate: Candidate,
    *,
    label: str,
    owner: User | Organization,
    by: User | None,
    verify: bool = True,
) -> Added:
    """Add an account; an organization that is not stored yet is stored along with it.

    An answer that needs a rule first (see `entry_rules`) is refused, and the account is kept: the
    rule is recorded for it. Raise `qredo.QredoError`, `enrolment.LabelTakenError` or
    `demo_data.MixedDataError`; then nothing is kept.
    """
    check_unmixed(is_demo=candidate.is_demo)  # before a request is made
    since = schedules.clock()  # before the answer, so that its owner's time covers it
    answer = _tested(candidate) if verify else None
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
        polling_schedules.add_missing([account])
        if answer is None:
            return Added(account, verified=False)
        recorded = refreshes.record_answer(refreshes.ask(account, by=by), answer)
    return Added(account, verified=True, refused="".join(one.detail for one in recorded))


def _tested(candidate: Candidate) -> qredo.BalanceAnswer:
    """Test a key; an answer that another account was given is asked for again."""
    answer = enrolment.test_key(candidate)
    others = mixed_answers.givers(answer)
    if not others:
        return answer
    second = enrolment.test_key_again(candidate)
    if mixed_answers.confirms(second, answer):
        return second
    log.error(
        "a new account of %s was answered what was given to %s before; asked again on a connection"
        " of its own, Qredo answered differently: nothing was stored. Run find_mixed_answers.",
        candidate.environment,
        ", ".join(map(str, others[:5])),
    )
    raise qredo.UpstreamError(f"{mixed_answers.UNCONFIRMED}: nothing was stored. Try it again.")


def _stored(owner: User | Organization, by: User | None) -> User | Organization:
    if isinstance(owner, User) or owner.pk is not None:
        return owner
    # By name: another command may have made it meanwhile.
    stored, made = Organization.objects.get_or_create(name=owner.name)
    if made:
        record("organization.added", objects.organization(stored), by=by)
    return stored
