"""What people call their accounts: a label, and tags by which accounts are grouped."""

from collections.abc import Sequence

from django.db import IntegrityError
from django.db.models import QuerySet
from django.db.models.functions import Lower

from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.audit.vocabulary import Plain
from accounts.models import Account, Tag, User


def relabel(account: Account, label: str, tags: Sequence[str], *, by: User) -> None:
    """Give an account this label and exactly these tags. Raise `LabelTakenError`."""
    try:
        with together():
            # The row's lock lets one of two who save at once wait for the other.
            was = Account.objects.select_for_update().get(pk=account.pk)
            before = _facts(was.label, tags_of(Account.objects.filter(pk=was.pk)))
            Account.objects.filter(pk=was.pk).update(label=label)
            Tag.objects.filter(account=was).delete()
            Tag.objects.bulk_create(Tag(account=was, name=name) for name in tags)
            after = _facts(label, tags)
            if after != before:
                about = objects.account(was)
                record("account.labelled", about, by=by, before=before, after=after)
    except IntegrityError as error:
        if "label_once" in str(error):
            raise LabelTakenError from None
        raise


def _facts(label: str, tags: Sequence[str]) -> dict[str, Plain]:
    return {"label": label, "tags": ", ".join(sorted(tags, key=str.casefold))}


def tags_of(accounts: QuerySet[Account]) -> list[str]:
    """Return the tags of accounts, each once whatever its case, in the order of the alphabet."""
    names = Tag.objects.filter(account__in=accounts.order_by()).order_by(Lower("name"), "name")
    once = {name.casefold(): name for name in names.values_list("name", flat=True)}
    return list(once.values())


class LabelTakenError(Exception):
    """Another account of the same owner has this label."""
