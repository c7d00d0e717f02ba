"""What people call their accounts: a label, and tags by which accounts are grouped."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower

from accounts.enrolment import LabelTakenError
from accounts.models import Account, Tag


def relabel(account: Account, label: str, tags: Sequence[str]) -> None:
    """Give an account this label and exactly these tags. Raise `LabelTakenError`."""
    try:
        with transaction.atomic():
            # The row's lock lets one of two who save at once wait for the other.
            Account.objects.filter(pk=account.pk).update(label=label)
            Tag.objects.filter(account=account).delete()
            Tag.objects.bulk_create(Tag(account=account, name=name) for name in tags)
    except IntegrityError as error:
        if "label_once" in str(error):
            raise LabelTakenError from None
        raise


def tags_of(accounts: QuerySet[Account]) -> list[str]:
    """Return the tags of accounts, each once whatever its case, in the order of the alphabet."""
    names = Tag.objects.filter(account__in=accounts.order_by()).order_by(Lower("name"), "name")
    once = {name.casefold(): name for name in names.values_list("name", flat=True)}
    return list(once.values())
