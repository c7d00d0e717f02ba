"""Letting an account in, and its next keys: each is tested with a signed call before it is kept."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import IntegrityError
from django.db.models.functions import Now
from django.utils import timezone

import qredo
from accounts import signing
from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.audit.vocabulary import Facts
from accounts.labels import LabelTakenError
from accounts.models import (
    Account,
    ApiKey,
    Environment,
    Extent,
    Organization,
    Tenure,
    User,
    Wallets,
)
from accounts.shared.database_clock import Clock
from accounts.shared.demo_data import check_unmixed
from accounts.vault import secrets


class KeyChangedError(Exception):
    """The key to be replaced is not the active one any more: somebody else was faster."""


class OtherAccountError(Exception):
    """The new key answers for another account at Qredo than the keys before it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A key that is not kept yet. `secret` shows itself nowhere.

    Whether it is the simulator's, whose calls never leave this machine, is decided by the
    installation's settings unless it is known already: `simulated`. `wallets` is what it is said
    to see.
    """

    key_id: str
    secret: qredo.Secret
    environment: Environment
    simulated: bool = False
    wallets: Wallets = Wallets.ALL

    @property
    def is_demo(self) -> bool:
        """Whether the account is a demo account."""
        return self.simulated or signing.new_accounts_are_demo(self.environment)


def test_key(candidate: Candidate, *, clock_ns: Clock | None = None) -> qredo.BalanceAnswer:  # noqa: PT028 - no test
    """Make one signed `GET /balance` with the key. Raise `qredo.QredoError` if it fails.

    Entries of one asset are summed: the key works. Recording decides whether to take the sum.
    A thread that has no connection to the database is given `clock_ns`, as of `signing.client`.
    """
    return _client_of(candidate, clock_ns).balance(sum_entries=True)


def test_key_again(candidate: Candidate) -> qredo.BalanceAnswer:
    """Do the same on a connection of its own."""
    return _client_of(candidate, None, signing.transport_apart()).balance(sum_entries=True)


def account_behind(candidate: Candidate, *, clock_ns: Clock | None = None) -> str:
    """Return which account a key answers for at Qredo, or nothing if it may not ask."""
    try:
        return _client_of(candidate, clock_ns).account().uid
    except qredo.QredoError:
        # Only Read-only keys may ask, and we recommend none: no answer is no fault of the key.
        return ""


def keep(  # noqa: PLR0913 - all by name
    candidate: Candidate,
    *,
    label: str,
    owner: User | Organization,
    by: User | None,
    verified: bool,
    since: datetime | None = None,
    qredo_account: str = "",
) -> Account:
    """Store the account and its sealed key.

    Raise `LabelTakenError` or `MixedDataError`; then nothing is kept.

    `since` is when its time with this owner begins: before its first observation.
    """
    check_unmixed(is_demo=candidate.is_demo)
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
            tenure = _first_tenure(account, since or timezone.now(), by)
            tenure.save()
            key = _sealed_key(candidate, account, by=by, verified=verified)
            key.qredo_account = qredo_account
            key.save()
            # Its first answer came before it was stored.
            _say(key, candidate.wallets, since=tenure.began_at)
            _record(account, key, candidate.wallets, by=by)
    except IntegrityError as error:
        if "label_once" in str(error):
            raise LabelTakenError from None
        raise
    return account


def _record(account: Account, key: ApiKey, wallets: Wallets, *, by: User | None) -> None:
    about = objects.account(account)
    told: Facts = {"environment": str(account.environment), "demo": account.is_demo}
    record("account.added", about, by=by, after=told)
    tested: Facts = {"verified": key.verified_at is not None, "wallets": str(wallets)}
    record("key.added", objects.key(key, about), by=by, after=tested)


def replace_key(
    candidate: Candidate, account: Account, *, instead_of: UUID | None, by: User, qredo_account: str
) -> ApiKey:
    """Store a tested key as the active one and erase the secret of the one before.

    `instead_of` is the uid of the key that was active when the decision was made. Raise
    `KeyChangedError` or `OtherAccountError`; then nothing has changed.
    """
    _same_account(account, qredo_account)
    was = said_of_newest(account)
    key = _sealed_key(candidate, account, by=by, verified=True)
    key.qredo_account = qredo_account
    try:
        with together():
            if not _end_key(account, instead_of, by=by, is_revoked=False):
                raise KeyChangedError
            key.save()
            _say(key, candidate.wallets, since=key.created_at)
            _record_wallets("key.replaced", key, was, candidate.wallets, by=by)
    except IntegrityError as error:
        if "one_active_key" in str(error):
            raise KeyChangedError from None
        raise
    return key


def declare(account: Account, wallets: Wallets, *, of: UUID, by: User) -> bool:
    """Say what an account's active key sees from now on; return whether that was not said before.

    `of` is the uid of the key that was active when the decision was made. Raise `KeyChangedError`.
    """
    with together():
        # Whoever replaces it, or says something else of it, waits for this.
        active = ApiKey.objects.select_for_update().filter(account=account, replaced_at=None)
        key = active.filter(uid=of).first()
        if key is None:
            raise KeyChangedError
        was = _said_of(key)
        if wallets == was:
            return False
        Extent.objects.create(account=account, key=key, since=Now(), wallets=wallets)
        _record_wallets("key.declared", key, was, wallets, by=by)
    return True


def said_of_newest(account: Account) -> Wallets:
    """Return what an account's newest key, active or ended, is said to see."""
    newest = ApiKey.objects.filter(account=account).order_by("-created_at", "-pk").first()
    return Wallets.ALL if newest is None else _said_of(newest)


def _said_of(key: ApiKey) -> Wallets:
    newest = Extent.objects.filter(key=key).order_by("-pk").first()
    return Wallets.ALL if newest is None else Wallets(newest.wallets)


def _say(key: ApiKey, wallets: Wallets, *, since: datetime) -> None:
    if wallets != Wallets.ALL:
        Extent.objects.create(account=key.account, key=key, since=since, wallets=wallets)


def _record_wallets(act: str, key: ApiKey, was: Wallets, now: Wallets, *, by: User) -> None:
    about = objects.key(key, objects.account(key.account))
    record(act, about, by=by, before={"wallets": str(was)}, after={"wallets": str(now)})


def revoke_key(account: Account, *, by: User | None) -> bool:
    """End the active key and erase its secret; return whether there was one."""
    with together():
        active = ApiKey.objects.filter(account=account, replaced_at=None).first()
        if active is None or not _end_key(account, active.uid, by=by, is_revoked=True):
            return False
        record("key.revoked", objects.key(active, objects.account(account)), by=by)
    return True


def _same_account(account: Account, qredo_account: str) -> None:
    known = ApiKey.objects.filter(account=account).exclude(qredo_account="")
    newest = known.order_by("-created_at").values_list("qredo_account", flat=True).first()
    if newest and qredo_account and newest != qredo_account:
        raise OtherAccountError


def _end_key(account: Account, uid: UUID | None, *, by: User | None, is_revoked: bool) -> bool:
    active = ApiKey.objects.filter(account=account, replaced_at=None)
    if uid is None:
        return not active.exists()
    ended = active.filter(uid=uid).update(
        sealed="", replaced_at=timezone.now(), is_revoked=is_revoked, ended_by=by
    )
    return ended == 1


def _client_of(
    candidate: Candidate, clock_ns: Clock | None, transport: qredo.Transport | None = None
) -> qredo.Client:
    return signing.client(
        base_url=signing.environment_url(candidate.environment, is_demo=candidate.is_demo),
        key_id=candidate.key_id,
        secret=candidate.secret,
        clock_ns=clock_ns,
        transport=transport,
    )


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
        sealed=secrets.seal(candidate.secret, key_uid=uid, account_uid=account.uid),
        created_by=by,
        verified_at=timezone.now() if verified else None,
    )
