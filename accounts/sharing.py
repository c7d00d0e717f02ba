"""Sharing a personal account for reading, and ending that."""

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.models import Account, Share, User


class NobodyError(ValueError):
    """Nobody with whom an account can be shared; the message says why."""


def shares_of(account: Account) -> QuerySet[Share]:
    """Return the shares of a personal account that hold today."""
    return Share.objects.filter(account=account, owner=account.owner_id).select_related("user")


def share(account: Account, email: str) -> Share:
    """Let the person with this address read a personal account. Raise `NobodyError`."""
    person = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if person is None:
        raise NobodyError("Nobody signs in here with this address. Check it, or invite them first.")
    if person.pk == account.owner_id:
        raise NobodyError("This account is your own already.")
    try:
        with transaction.atomic():
            return Share.objects.create(account=account, owner_id=account.owner_id, user=person)  # type: ignore[misc] # personal: it has one
    except IntegrityError:
        raise NobodyError(f"{person.email} reads this account already.") from None


def stop(account: Account, email: str) -> bool:
    """Take a share back; return whether there was one. It counts from the next request on."""
    gone, _ = shares_of(account).filter(user__email=email).delete()
    return gone > 0
