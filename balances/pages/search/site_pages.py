"""The pages that a search leads to: by their names, and by the words of what is done there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from accounts.access.roles import organizations_administered_by
from accounts.audit.reading import overseeing_memberships
from accounts.models import User
from balances.pages.as_of.instant import AsOf
from balances.pages.components.context import Choice


@dataclass(frozen=True, slots=True)
class SitePage:
    """A page, or what is done on one; `words` find it too.

    `is_task`: a part of another page, which only a search for it lists.
    """

    label: str
    url: str
    words: str = ""
    is_task: bool = False


_OF_AN_INSTANT = {
    "Overview": "overview",
    "Accounts": "accounts",
    "Pending": "pending",
    "History": "history",
    "Compare": "compare",
}
_OF_NOW = {
    "Reports, statements": ("reports", ""),
    "Add an account": ("account-add", "api keys new connect"),
    "Profile, time zone": ("profile", "role organization settings"),
    "Change the e-mail address": ("email", ""),
    "Change the password": ("account_change_password", ""),
    "Second factor, passkeys": ("mfa_index", "2fa totp authenticator recovery codes"),
    "Sessions": ("usersessions_list", "sign-ins browsers devices"),
}
_STATES = {
    "Accounts that failed": ("failed", "failing rejected keys error permission broken"),
    "Accounts that are stale": ("stale", "old outdated late carried"),
    "Accounts that need attention": ("attention", "failed stale waiting problems"),
    "Paused accounts": ("paused", "pause stopped"),
}
_FILE = "download file csv excel spreadsheet"
_EXPORTS = {
    "Export balances as CSV, in History": ("history", _FILE),
    "Export a chart as CSV or PNG, in Overview": ("overview", f"{_FILE} picture changes"),
    "Export a statement, in Reports": ("reports", "download file json print pdf evidence"),
}
_MEMBERS = "invite invitation colleague people team user role"


def site_pages(user: User, asked: AsOf) -> Iterator[SitePage]:
    """Return the pages that somebody may open; those with figures as of the instant asked for."""
    of_instant = f"?{urlencode(asked.query)}" if asked.query else ""
    for label, name in _OF_AN_INSTANT.items():
        yield SitePage(label, f"{reverse(name)}{of_instant}")
    for label, (name, words) in _OF_NOW.items():
        yield SitePage(label, reverse(name), words)
    yield from _logs(user)
    for one in organizations_administered_by(user):
        yield SitePage(f"Members of {one.name}", reverse("members", args=[one.uid]), _MEMBERS)
    yield from _tasks(asked, of_instant)


def _logs(user: User) -> Iterator[SitePage]:
    audit, words = reverse("audit"), "export csv json acts"
    if user.is_superuser or overseeing_memberships(user).exists():
        yield SitePage("Audit log", audit, words)
    yield SitePage("Your activity", f"{audit}?organization=personal", words)


def _tasks(asked: AsOf, of_instant: str) -> Iterator[SitePage]:
    for label, (show, words) in _STATES.items():
        query = urlencode({"show": show, **asked.query})
        yield SitePage(label, f"{reverse('accounts')}?{query}", words, is_task=True)
    for label, (name, words) in _EXPORTS.items():
        url = reverse(name) if name == "reports" else f"{reverse(name)}{of_instant}"
        yield SitePage(label, url, words, is_task=True)


def pages_named(user: User, text: str, asked: AsOf) -> list[Choice]:
    """Return the pages that a text may mean, the nearest first; nothing typed means all of them."""
    words = text.split()
    fitting = [
        (distance, one)
        for one in site_pages(user, asked)
        if (distance := _distance(one, words)) is not None and (words or not one.is_task)
    ]
    fitting.sort(key=lambda pair: pair[0])
    nearest: dict[str, SitePage] = {}
    for _, one in fitting:
        nearest.setdefault(one.url, one)
    return [Choice(one.label, one.url, chosen=False) for one in nearest.values()]


def _distance(page: SitePage, words: Sequence[str]) -> int | None:
    """Return 0 if the label's own words begin so, 1 by other words, 2 by a part; else nothing."""
    label = page.label.casefold()
    named = label.replace("-", " ").split()
    if all(any(name.startswith(word) for name in named) for word in words):
        return 0
    other = [*named, *page.words.split()]
    if all(any(name.startswith(word) for name in other) for word in words):
        return 1
    return 2 if all(word in label for word in words) else None
