"""What the owner of a personal account decides: to offer it for reading, and to end that.

An offer is about an e-mail address. Whether anybody signs in with it is looked up nowhere here, so
that neither an answer nor its time tells who has an account.
"""

from dataclasses import replace

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.models import Account, Offer, Share, User


class NotOfferedError(ValueError):
    """An account that cannot be offered to an address; the message says why."""


def shares_of(account: Account) -> QuerySet[Share]:
    """Return the shares of a personal account that its owner's readers have accepted."""
    own = Share.objects.filter(account=account, owner=account.owner_id)
    return own.select_related("user").order_by("user__email")


def offers_of(account: Account) -> QuerySet[Offer]:
    """Return the offers of a personal account that its owner has made and that are open."""
    return Offer.objects.filter(account=account, owner=account.owner_id).order_by("email")


def offer(account: Account, email: str, *, by: User) -> Offer:
    """Offer a personal account to an address. Raise `NotOfferedError`.

    It opens nothing until the person who signs in with the address accepts it.
    """
    email = email.strip().lower()
    if email == by.email:
        raise NotOfferedError("This account is your own already.")
    if shares_of(account).filter(user__email=email).exists():
        raise NotOfferedError(f"{email} reads this account already.")
    try:
        with together():
            record("account.offered", objects.account(account), by=by, after={"with": email})
            with transaction.atomic():
                return Offer.objects.create(account=account, owner_id=account.owner_id, email=email)  # type: ignore[misc] # personal: it has one
    except IntegrityError:
        raise NotOfferedError(f"You have offered {email} this account already.") from None


def stop(account: Account, email: str, *, by: User) -> bool:
    """Take an offer or a share back; return whether there was one. It counts at once."""
    told = {"with": email}
    with together():
        withdrawn, _ = offers_of(account).filter(email=email).delete()
        if withdrawn:
            record("account.offer_withdrawn", objects.account(account), by=by, before=told)
        share = shares_of(account).select_for_update(of=("self",)).filter(user__email=email).first()
        if share is not None:
            share.delete()
            for about in (objects.account(account), read_by(share.user, account)):
                record("account.unshared", about, by=by, before=told)
    return bool(withdrawn) or share is not None


def end_all(account: Account) -> None:
    """End what an owner who gives an account away has shared; it stays so if it comes back."""
    Share.objects.filter(account=account).delete()
    Offer.objects.filter(account=account).delete()


def read_by(reader: User, account: Account) -> objects.Thing:
    """Return an account as an affair of a person who reads it."""
    return replace(objects.account(account), log=objects.log_of_person(reader.pk))
