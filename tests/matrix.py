"""The rules of access, one an address: who gets which status with which method."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.urls import URLPattern, get_resolver

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

    Under `one_account` only readers of the account are answered at all, under `one_incident` only
    members of its organization. `roles` may act; to other readers the methods in `guarded` are
    forbidden. `to_anonymous` is for pages without sign-in.
    """

    signed_in: Answers
    one_account: bool = False
    one_incident: bool = False
    roles: tuple[str, ...] = (*MEMBERS, "owner", "reader")
    guarded: tuple[str, ...] = ()
    to_anonymous: Answers | None = None

    @property
    def is_of_one(self) -> bool:
        """Whether its address names something that not everybody sees."""
        return self.one_account or self.one_incident

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
_DO: Final = answers(post=MOVED)

RULES: Final = {
    "overview": Rule(READ),
    "overview-figures": Rule(READ),
    "overview-asset": Rule(
        dict.fromkeys(METHODS, NOT_THAT_WAY) | {"GET": MISSING, "HEAD": MISSING}
    ),
    "series": Rule(READ),
    "series-csv": Rule(READ),
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
    "incident": Rule(FORM, one_incident=True, roles=("admin",), guarded=("GET", "HEAD", "POST")),
    "audit": Rule(READ),
    "audit-csv": Rule(READ),
    "audit-json": Rule(READ),
    "profile": Rule(answers(get=OK, head=OK, post=OK)),
    "password": Rule(answers(get=OK, head=OK, post=OK)),
    "sign-in": Rule(dict.fromkeys(METHODS, MOVED), to_anonymous=answers(get=OK, head=OK, post=OK)),
    "sign-out": Rule(_DO, to_anonymous=_DO),
    "health": Rule(READ, to_anonymous=READ),
}


def addresses() -> Iterator[URLPattern]:
    """Return every pattern of the site; each has a name."""
    for pattern in get_resolver().url_patterns:
        assert isinstance(pattern, URLPattern), "an include: walk into it here"
        yield pattern
