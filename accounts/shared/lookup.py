"""Finding accounts by the ids that commands take."""

from collections.abc import Sequence
from uuid import UUID

from accounts.models import Account


class UnknownAccountError(Exception):
    """No account has this id."""


def by_uids(texts: Sequence[str]) -> list[Account]:
    """Return the accounts with these ids, in order, each once. Raise `UnknownAccountError`."""
    uids = dict.fromkeys(_uid(text) for text in texts)
    found = Account.objects.in_bulk(list(uids), field_name="uid")
    missing = [uid for uid in uids if uid not in found]
    if missing:
        raise UnknownAccountError(f"No account has the id {missing[0]}.")
    return [found[uid] for uid in uids]


def _uid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise UnknownAccountError(f"No account has the id {text[:64]!r}.") from None
