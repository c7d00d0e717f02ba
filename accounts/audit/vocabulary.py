"""The acts that are on record: a word for each, what it is called, and what it may tell.

An act that the program learns gets a line here. `tells` are the only keys that before and after may
have: what is not named here cannot slip in.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from accounts.words import visible

Plain = str | int | bool | None
Facts = Mapping[str, Plain]

#: Longer text is cut; nothing that is told needs more.
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Word:
    """An act: what a reader sees of it, and the facts that it may tell."""

    label: str
    tells: frozenset[str] = frozenset()


def _word(label: str, *tells: str) -> Word:
    return Word(label, frozenset(tells))


_FILTERS = ("person", "act", "object", "from", "to")

VOCABULARY: dict[str, Word] = {
    "account.added": _word("Account added", "environment", "demo"),
    "account.archived": _word("Account archived", "state"),
    "account.entries": _word("Entries of one asset summed or not", "summed", "reason", "since"),
    "account.labelled": _word("Label or tags changed", "label", "tags"),
    "account.counted": _word("Account counted or not", "counted", "since"),
    "account.paused": _word("Account paused", "state"),
    "account.refreshed": _word("Refresh asked for"),
    "accounts.refreshed": _word("Refresh of many accounts asked for", "accounts"),
    "account.restored": _word("Account restored", "state"),
    "account.resumed": _word("Account resumed", "state"),
    "account.offered": _word("Account offered for reading", "with"),
    "account.offer_declined": _word("Offer of an account declined", "with"),
    "account.offer_withdrawn": _word("Offer of an account withdrawn", "with"),
    "account.share_counted": _word("Shared account counted or not", "counted"),
    "account.share_left": _word("Shared account read no more", "with"),
    "account.shared": _word("Account shared for reading", "with"),
    "account.transferred": _word("Account transferred", "owner", "since"),
    "account.unshared": _word("Account shared no more", "with"),
    "company.connected": _word("Company account connected", "issuer"),
    "company.disconnected": _word("Company account disconnected", "issuer"),
    "company.refused": _word("Another company account refused"),
    "email.asked": _word("Another e-mail address asked for", "email"),
    "email.changed": _word("E-mail address changed", "email"),
    "export.answer": _word("Answer that was not understood downloaded", "digest", "at"),
    "export.audit": _word("Audit log exported", "format", *_FILTERS),
    "export.history": _word("Balances as of an instant exported", "format", "accounts", "at"),
    "export.chart": _word("Chart exported", "format", "accounts", "from", "to"),
    "factor.added": _word("Second factor added", "kind"),
    "factor.removed": _word("Second factor removed", "kind"),
    "factor.codes_made": _word("Recovery codes made"),
    "invitation.withdrawn": _word("Invitation withdrawn"),
    "key.added": _word("API key added", "verified", "wallets"),
    "key.declared": _word("Said what an API key sees", "wallets"),
    "key.replaced": _word("API key replaced", "wallets"),
    "key.revoked": _word("API key revoked"),
    "member.added": _word("Member added", "role"),
    "member.invited": _word("Member invited", "role"),
    "member.removed": _word("Member removed", "role"),
    "member.role_changed": _word("Role changed", "role"),
    "organization.added": _word("Organization added"),
    "organization.factor": _word("Second factor required or not", "required"),
    "password.changed": _word("Password changed"),
    "password.reset": _word("Password set by a link"),
    "person.added": _word("Person added"),
    "profile.changed": _word("Profile changed", "name", "time_zone"),
    "session.ended": _word("Session ended elsewhere", "sessions"),
    "sign_in": _word("Signed in"),
    "sign_in.failed": _word("Sign-in failed", "today"),
    "sign_out": _word("Signed out"),
    "statement.exported": _word("Statement exported", "format", "accounts"),
    "statement.viewed": _word("Statement viewed", "accounts"),
}


class UnknownActError(ValueError):
    """An act, or a fact about it, that the vocabulary does not have."""


def checked(act: str, facts: Facts) -> dict[str, Plain]:
    """Return facts as they are kept. Raise `UnknownActError` for what the act may not tell."""
    word = VOCABULARY.get(act)
    if word is None:
        raise UnknownActError(f"{act} is no act of the vocabulary.")
    if more := facts.keys() - word.tells:
        raise UnknownActError(f"{act} does not tell {', '.join(sorted(more))}.")
    return {name: _bounded(value) for name, value in facts.items()}


def _bounded(value: Plain) -> Plain:
    return visible(value)[:LONGEST] if isinstance(value, str) else value
