"""What helps an account, in the words of a reader who has to ask others for it."""

from collections.abc import Iterable, Mapping, Sequence

from accounts.access.admins import admin_to_ask, admins_of
from accounts.access.roles import administered_accounts
from accounts.models import Organization, User
from balances.history.status import Stand
from balances.portfolio.members import Member

#: By what is wrong: what an admin or the owner has to be asked for, and what happens until then.
_ASKED = {
    "key_rejected": ("replace the key", "it is tried hourly"),
    "permission": ("give the key the Balances permission", "it is tried hourly"),
    "keyless": ("add a new key", "it is not polled until then"),
}
_WHOLE_KEY = "replace the key with one that sees all wallets"


def by_reader(user: User, members: Sequence[Member]) -> dict[int, str]:
    """Return, by account, the remedies that its reader has to ask others for."""
    wrong = {member.account.pk: _ASKED.get(_what(member.stand)) for member in members}
    needing = [member for member in members if wrong[member.account.pk]]
    return {
        pk: f"Ask {asked} to {what[0]}; {what[1]}."
        for pk, asked in others_to_ask(user, needing).items()
        if (what := wrong[pk])
    }


def for_whole_key(user: User, member: Member) -> str:
    """Return who is asked for a key that sees all wallets; nothing if the reader may add it."""
    asked = others_to_ask(user, [member]).get(member.account.pk)
    return f"Ask {asked} to {_WHOLE_KEY}." if asked else ""


def others_to_ask(user: User, members: Sequence[Member]) -> dict[int, str]:
    """Return who decides about the keys of accounts, by account, where the reader does not."""
    if not members:
        return {}
    pks = [member.account.pk for member in members]
    own = set(administered_accounts(user).filter(pk__in=pks).values_list("pk", flat=True))
    others = [member for member in members if member.account.pk not in own]
    admins = admins_of(_organizations(others)) if others else {}
    return {member.account.pk: _decides(member, admins) for member in others}


def _organizations(members: Iterable[Member]) -> set[int]:
    return {member.owner.pk for member in members if isinstance(member.owner, Organization)}


def _decides(member: Member, admins: Mapping[int, Sequence[User]]) -> str:
    if isinstance(member.owner, Organization):
        return admin_to_ask(member.owner, admins.get(member.owner.pk, ()))
    return f"its owner ({member.owner.email})"


def _what(stand: Stand) -> str:
    """Return what is wrong today; the past cannot be helped."""
    if stand.is_past:
        return ""
    if stand.halt is not None:
        return stand.halt.kind
    return "" if stand.failing_since is None else stand.reason
