"""The rules of access, one an address: who gets which status with which method."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.urls import URLPattern, get_resolver

from accounts.models import Account

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "DELETE")
MEMBERS: Final = ("viewer", "operator", "admin", "auditor")
PEOPLE: Final = ("stranger", *MEMBERS, "owner", "reader", "former", "superuser")
EVERYBODY: Final = ("anonymous", *PEOPLE)

OK, MOVED, WRONG = 200, 302, 422
FORBIDDEN, MISSING, NOT_THAT_WAY = 403, 404, 405

Answers = dict[str, int]


def answers(**understood: int) -> Answers:
    """Return the status for every method; what is not understood is 405."""
    return {method: understood.get(method.lower(), NOT_THAT_WAY) for method in METHODS}


@dataclass(frozen=True)
class Rule:
    """What an address answers to whom.

    Under `one_account` and `one_organization` only readers of it are answered at all, under
    `one_incident` only members of its organization. `roles` may act; to other readers the methods
    in `guarded` are forbidden. `to_anonymous` is for pages without sign-in.
    """

    signed_in: Answers
    one_account: bool = False
    one_organization: bool = False
    one_incident: bool = False
    roles: tuple[str, ...] = (*MEMBERS, "owner", "reader")
    guarded: tuple[str, ...] = ()
    to_anonymous: Answers | None = None

    @property
    def is_of_one(self) -> bool:
        """Whether its address names something that not everybody sees."""
        return self.one_account or self.one_organization or self.one_incident

    @property
    def takes_post(self) -> bool:
        """Whether a POST is understood."""
        given = (self.signed_in, self.to_anonymous or {})
        return any(one.get("POST", NOT_THAT_WAY) != NOT_THAT_WAY for one in given)

    def expected(self, who: str, readers: tuple[str, ...]) -> Answers:
        """Return the statuses that somebody gets, if `readers` see the account asked for."""
        if who == "anonymous":
            return self.to_anonymous or dict.fromkeys(METHODS, MOVED)
        if not self.is_of_one:
            return self.signed_in
        if who not in readers:
            return dict.fromkeys(METHODS, MISSING)
        refused = () if who in self.roles else self.guarded
        return self.signed_in | dict.fromkeys(refused, FORBIDDEN)


READ: Final = answers(get=OK, head=OK)
FORM: Final = answers(get=OK, head=OK, post=WRONG)
OPERATES: Final = ("operator", "admin", "owner")
ADMINISTERS: Final = ("admin", "owner")
_ONE: Final = Rule(READ, one_account=True)
#: An act of a button; its address leads to the page with the button.
_DO: Final = answers(get=MOVED, head=MOVED, post=MOVED)

#: A form that is shown again with what is wrong in it.
_FORM_AGAIN: Final = Rule(answers(get=OK, head=OK, post=OK))
_SIGN_IN: Final = Rule(
    dict.fromkeys(METHODS, MOVED), to_anonymous=answers(get=OK, head=OK, post=OK)
)
_TO_ALL: Final = Rule(
    answers(get=OK, head=OK, post=OK), to_anonymous=answers(get=OK, head=OK, post=OK)
)
#: There is a better place to be, whatever was asked.
_ELSEWHERE: Final = Rule(dict.fromkeys(METHODS, MOVED))
_NO_INVITATION: Final = answers(get=MISSING, head=MISSING)

RULES: Final = {
    "overview": Rule(READ),
    "overview-figures": Rule(READ),
    "overview-changes": Rule(READ),
    "overview-asset": Rule(
        dict.fromkeys(METHODS, NOT_THAT_WAY) | {"GET": MISSING, "HEAD": MISSING}
    ),
    # An asset has to be named; see test_asset_access.
    "asset": Rule(answers(get=MISSING, head=MISSING)),
    "asset-figures": Rule(answers(get=MISSING, head=MISSING)),
    "compare": Rule(READ),
    "compare-accounts": Rule(READ),
    "search": Rule(READ),
    "search-found": Rule(READ),
    "pending": Rule(READ),
    "pending-figures": Rule(READ),
    "series": Rule(READ),
    "series-csv": Rule(READ),
    # What it is about are the accounts that its reader may refresh, if any: see test_refresh_all.
    "refresh-all": Rule(_DO),
    "accounts": Rule(READ),
    "accounts-figures": Rule(READ),
    "account-add": Rule(FORM),
    "account": _ONE,
    "account-figures": _ONE,
    "account-parts": _ONE,
    "account-series": _ONE,
    "account-series-csv": _ONE,
    # Nothing was kept: there is nothing to find for those who may have it.
    "account-rejected": Rule(
        answers(get=MISSING, head=MISSING),
        one_account=True,
        roles=OPERATES,
        guarded=("GET", "HEAD"),
    ),
    "account-refresh": Rule(_DO, one_account=True, roles=OPERATES, guarded=("POST",)),
    "account-pause": Rule(_DO, one_account=True, roles=OPERATES, guarded=("POST",)),
    "account-resume": Rule(_DO, one_account=True, roles=OPERATES, guarded=("POST",)),
    "account-archive": Rule(
        answers(get=OK, head=OK, post=MOVED),
        one_account=True,
        roles=ADMINISTERS,
        guarded=("GET", "HEAD", "POST"),
    ),
    "account-key": Rule(FORM, one_account=True, roles=ADMINISTERS, guarded=("GET", "HEAD", "POST")),
    "account-key-wallets": Rule(
        FORM, one_account=True, roles=ADMINISTERS, guarded=("GET", "HEAD", "POST")
    ),
    "account-key-revoke": Rule(
        answers(get=OK, head=OK, post=MOVED),
        one_account=True,
        roles=ADMINISTERS,
        guarded=("GET", "HEAD", "POST"),
    ),
    "account-restore": Rule(_DO, one_account=True, roles=ADMINISTERS, guarded=("POST",)),
    "account-edit": Rule(
        answers(get=OK, head=OK, post=WRONG),
        one_account=True,
        roles=OPERATES,
        guarded=("GET", "HEAD", "POST"),
    ),
    "account-shares": Rule(
        answers(get=OK, head=OK, post=WRONG),
        one_account=True,
        roles=("owner",),
        guarded=("GET", "HEAD", "POST"),
    ),
    "account-unshare": Rule(_DO, one_account=True, roles=("owner",), guarded=("POST",)),
    "account-transfer": Rule(
        answers(get=OK, head=OK, post=WRONG),
        one_account=True,
        roles=ADMINISTERS,
        guarded=("GET", "HEAD", "POST"),
    ),
    "account-counting": Rule(
        FORM, one_account=True, roles=ADMINISTERS, guarded=("GET", "HEAD", "POST")
    ),
    "account-entries": Rule(
        FORM, one_account=True, roles=ADMINISTERS, guarded=("GET", "HEAD", "POST")
    ),
    "incident": Rule(FORM, one_incident=True, roles=("admin",), guarded=("GET", "HEAD", "POST")),
    "history": Rule(READ),
    "history-csv": Rule(READ),
    "reports": Rule(READ),
    # No cut-off was given: the form again, and no file.
    "statement": Rule(answers(get=WRONG, head=WRONG)),
    "statement-json": Rule(answers(get=400, head=400)),
    "statement-verifier": Rule(READ),
    "audit": Rule(READ),
    "audit-csv": Rule(READ),
    "audit-json": Rule(READ),
    "members": Rule(FORM, one_organization=True, roles=("admin",), guarded=METHODS),
    # Nobody holds a link that opens anything.
    "invitation": Rule(_NO_INVITATION, to_anonymous=_NO_INVITATION),
    "invitation-accept": Rule(
        _NO_INVITATION | {"POST": MISSING}, to_anonymous=_NO_INVITATION | {"POST": MISSING}
    ),
    "profile": _FORM_AGAIN,
    # No mail server is set up, and nobody holds a link.
    "email": _FORM_AGAIN,
    "email-arrive": Rule(answers(get=MISSING, head=MISSING)),
    "email-confirm": Rule(answers(get=MISSING, head=MISSING, post=MISSING)),
    "shared": Rule(answers(get=OK, head=OK, post=MOVED)),
    "company-account": Rule(answers(get=OK, head=OK, post=MOVED)),
    "usersessions_list": Rule(answers(get=OK, head=OK, post=MOVED)),
    "mfa_index": Rule(READ),
    # Nobody of the cast has a second factor.
    "mfa_activate_totp": _FORM_AGAIN,
    "mfa_deactivate_totp": Rule(dict.fromkeys(METHODS, MISSING)),
    "mfa_add_webauthn": _FORM_AGAIN,
    "mfa_remove_webauthn": Rule(answers(get=MISSING, head=MISSING, post=MISSING)),
    "mfa_view_recovery_codes": Rule(answers(get=MISSING, head=MISSING)),
    "mfa_generate_recovery_codes": _FORM_AGAIN,
    "mfa_reauthenticate": _ELSEWHERE,
    "mfa_reauthenticate_webauthn": _ELSEWHERE,
    "account_change_password": _FORM_AGAIN,
    "account_reauthenticate": _FORM_AGAIN,
    "sign-in": _SIGN_IN,
    "account_login": _SIGN_IN,
    # No mail server is set up, and nobody holds a link.
    "account_reset_password": _TO_ALL,
    "account_reset_password_from_key": _TO_ALL,
    "mfa_authenticate": _ELSEWHERE,
    "mfa_login_webauthn": Rule(
        dict.fromkeys(METHODS, MOVED), to_anonymous=answers(get=MOVED, head=MOVED, post=MOVED)
    ),
    "sign-out": Rule(_DO, to_anonymous=_DO),
    # No contact is set up.
    "security-txt": Rule(_NO_INVITATION, to_anonymous=_NO_INVITATION),
    "session": Rule(READ, to_anonymous=READ),
    "health": Rule(READ, to_anonymous=READ),
}


#: Whether an address that takes a POST demands a fresh confirmation first. What changes keys,
#: members, who reads an account, whose it is, or how somebody signs in does; what gives nobody
#: anything new does not. Each new address is decided on here.
CONFIRMED: Final = {
    "account-add": True,
    "account-archive": False,
    "account-counting": False,
    "account-edit": False,
    "account-entries": True,  # it decides what figures are
    "account-key": True,
    "account-key-revoke": True,
    "account-key-wallets": True,
    "account-pause": False,
    "account-refresh": False,
    "account-restore": False,
    "account-resume": False,
    "account-shares": True,
    "account-transfer": True,
    "account-unshare": True,
    "account_change_password": False,  # asks for the present password itself
    "account_login": False,
    "account_reauthenticate": False,
    "account_reset_password": False,
    "account_reset_password_from_key": False,  # whose link is the proof
    "company-account": True,
    "email": True,
    "email-confirm": False,  # whose link was asked for with a confirmation
    "incident": True,
    "invitation-accept": False,
    "members": True,
    "mfa_activate_totp": True,
    "mfa_add_webauthn": True,
    "mfa_authenticate": False,
    "mfa_deactivate_totp": True,
    "mfa_generate_recovery_codes": True,
    "mfa_login_webauthn": False,
    "mfa_reauthenticate": False,
    "mfa_reauthenticate_webauthn": False,
    "mfa_remove_webauthn": True,
    "profile": False,
    "shared": False,  # the reader's own view: nobody else is given anything by it
    "sign-in": False,
    "refresh-all": False,
    "sign-out": False,
    "usersessions_list": False,
}


def addresses() -> Iterator[URLPattern]:
    """Return every pattern of the site; each has a name."""
    for pattern in get_resolver().url_patterns:
        assert isinstance(pattern, URLPattern), "an include: walk into it here"
        yield pattern


def arguments(pattern: URLPattern, account: Account) -> list[Any]:
    """Return what an address is filled with to be about this account; other things do not exist."""
    owner = account.organization
    made_up = {"pk": 0, "token": "made-up", "uidb36": "1", "key": "made-up"}
    known = {"uid": account.uid, "organization": owner and owner.uid, **made_up}
    return [known[name] for name in pattern.pattern.converters]
