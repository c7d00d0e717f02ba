"""What a person decides about accounts that others offer: to read them, count them, leave them."""

from uuid import UUID

from django.db.models import QuerySet

from accounts.access.querysets import offers_to, shares_with
from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.models import Offer, Share, User
from accounts.sharing import read_by


class GoneError(Exception):
    """The offer or the share is no more: it was taken back, answered or left."""


def accept(uid: UUID, *, by: User) -> Share:
    """Take up an offer: its account is read from now on. Raise `GoneError`."""
    with together():
        offer = _answered(uid, by)
        share, _ = Share.objects.get_or_create(account=offer.account, owner=offer.owner, user=by)
        _tell_both("account.shared", offer, by)
    return share


def decline(uid: UUID, *, by: User) -> Offer:
    """Refuse an offer, which is no more then. Raise `GoneError`."""
    with together():
        offer = _answered(uid, by)
        _tell_both("account.offer_declined", offer, by)
    return offer


def count(account: UUID, *, counted: bool, by: User) -> Share:
    """Let a shared account count in the reader's own totals, or not. Raise `GoneError`."""
    with together():
        share = _locked(account, by)
        if share.is_counted != counted:
            share.is_counted = counted
            share.save(update_fields=["is_counted"])
            # The reader's affair alone: their totals are nothing that the owner sees.
            about = read_by(by, share.account)
            record("account.share_counted", about, by=by, after={"counted": counted})
    return share


def leave(account: UUID, *, by: User) -> Share:
    """Stop reading a shared account. Raise `GoneError`."""
    with together():
        share = _locked(account, by)
        Share.objects.filter(pk=share.pk).delete()
        _tell_both("account.share_left", share, by)
    return share


def offered(reader: User) -> QuerySet[Offer]:
    """Return what is offered to somebody, with account and owner."""
    return offers_to(reader).select_related("account", "owner").order_by("created_at")


def accepted(reader: User) -> QuerySet[Share]:
    """Return what somebody has accepted, with account and owner."""
    found = shares_with(reader).select_related("account", "owner")
    return found.order_by("owner__email", "account__label")


def _answered(uid: UUID, reader: User) -> Offer:
    """Return an offer to the reader, which ends in this transaction."""
    found = offered(reader).select_for_update(of=("self",)).filter(uid=uid).first()
    if found is None:
        raise GoneError
    Offer.objects.filter(pk=found.pk).delete()
    return found


def _locked(account: UUID, reader: User) -> Share:
    found = accepted(reader).select_for_update(of=("self",)).filter(account__uid=account).first()
    if found is None:
        raise GoneError
    return found


def _tell_both(act: str, of: Offer | Share, reader: User) -> None:
    """Put an act on record where the owner reads it, and where the reader does."""
    told = {"with": reader.email}
    record(act, objects.account(of.account), by=reader, after=told)
    record(act, read_by(reader, of.account), by=reader, after=told)
