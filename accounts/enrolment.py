"""Letting an account in: its key is tested with one signed call before anything is kept."""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.db import IntegrityError
from django.utils import timezone

import qredo
from accounts import signing, vault
from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.audit.vocabulary import Facts
from accounts.models import Account, ApiKey, Environment, Organization, Tenure, User


class LabelTakenError(Exception):
    """Another account of the same owner has this label."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A key that is not kept yet. `secret` shows itself nowhere.

    Whether it is the simulator's, whose calls never leave this machine, is decided by the
    installation's settings unless it is known already: `simulated`.
    """

    key_id: str
    secret: qredo.Secret
    environment: Environment
    simulated: bool = False

    @property
    def is_demo(self) -> bool:
        """Whether the account is a demo account."""
        return self.simulated or signing.new_accounts_are_demo(self.environment)


def test_key(candidate: Candidate) -> qredo.BalanceAnswer:
    """Make one signed `GET /balance` with the key. Raise `qredo.QredoError` if it fails."""
    return signing.client(
        base_url=signing.environment_url(candidate.environment, is_demo=candidate.is_demo),
        key_id=candidate.key_id,
        secret=candidate.secret,
    ).balance()


def keep(  # noqa: PLR0913 - all by name
    candidate: Candidate,
    *,
    label: str,
    owner: User | Organization,
    by: User | None,
    verified: bool,
    since: datetime | None = None,
) -> Account:
    """Store the account and its sealed key. Raise `LabelTakenError`; then nothing is kept.

    `since` is when its time with this owner begins: before its first observation.
    """
    account = Account(
        label=label,
        environment=candidate.environment,
        owner=owner if isinstance(owner, User) else None,
        organization=owner if isinstance(owner, Organization) else None,
        is_demo=candidate.is_demo,
    )
    try:
        with together():
            account.save()
            _first_tenure(account, since or timezone.now(), by).save()
            key = _sealed_key(candidate, account, by=by, verified=verified)
            key.save()
            _record(account, key, by=by, verified=verified)
    except IntegrityError as error:
        if "label_once" in str(error):
            raise LabelTakenError from None
        raise
    return account


def _record(account: Account, key: ApiKey, *, by: User | None, verified: bool) -> None:
    about = objects.account(account)
    told: Facts = {"environment": str(account.environment), "demo": account.is_demo}
    record("account.added", about, by=by, after=told)
    record("key.added", objects.key(key, about), by=by, after={"verified": verified})


def _first_tenure(account: Account, since: datetime, by: User | None) -> Tenure:
    return Tenure(
        account=account,
        owner=account.owner,
        organization=account.organization,
        began_at=since,
        by=by,
    )


def _sealed_key(
    candidate: Candidate, account: Account, *, by: User | None, verified: bool
) -> ApiKey:
    uid = uuid4()  # before the row, because the ciphertext is bound to it
    return ApiKey(
        uid=uid,
        account=account,
        key_id=candidate.key_id,
        sealed=vault.seal(candidate.secret, key_uid=uid, account_uid=account.uid),
        created_by=by,
        verified_at=timezone.now() if verified else None,
    )
