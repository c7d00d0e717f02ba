"""Whoever walks the site, with the ids of others in hand, comes upon nothing that is not theirs."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from accounts import labels
from accounts.models import Account, Tag
from balances.polling import refreshes
from tests.conftest import Cast, Simulator
from tests.security.test_headers import assert_inert
from tests.support.crawling import Crawl, Seen, asked, pieces, whole_pages
from tests.support.history import coins
from tests.support.matrix import EVERYBODY, MEMBERS, addresses

#: Whose accounts there are, and who reads them today.
READERS = {
    "custody": set(MEMBERS),
    "personal": {"owner", "reader"},
    "foreign": {"stranger"},
}
#: To whom an account is offered, who has not accepted it: they see its label on one page.
OFFERED = ("superuser", "personal")
SIMULATED = {"custody": "Custody", "foreign": "Hot wallet"}


class Canary:
    """An account, and everything by which it would be known anywhere."""

    def __init__(self, number: int, account: Account, simulator: Simulator, simulated: str) -> None:
        self.account, self.number = account, number
        self.label, self.tag = f"CanaryLabel{number}", f"canarytag{number}"
        self.asset = f"CANARYCOIN{number}"
        self.digits = f"31415{number}926"
        self.key_id = account.keys.get().key_id
        account.label = self.label
        account.save(update_fields=["label"])
        Tag.objects.create(account=account, name=self.tag)
        simulator.holds(simulated, **{self.asset: coins(int(f"{self.digits}53"))})

    @property
    def of_figures(self) -> tuple[str, ...]:
        return self.asset, self.digits, self.key_id

    @property
    def of_name(self) -> tuple[str, ...]:
        return self.label, self.tag, str(self.account.uid)

    def tried(self) -> Iterator[str]:
        """Return addresses that somebody who knows of it may try."""
        known = {"uid": self.account.uid, "pk": 1, "token": "x", "uidb36": "1", "key": "x"}
        owner = self.account.organization
        known["organization"] = owner.uid if owner else self.account.uid
        for pattern in addresses():
            # What is made up of the id is not there, or not for everybody: no page led to it.
            if {"uid", "organization"} & set(pattern.pattern.converters):
                yield reverse(
                    str(pattern.name), args=[known[name] for name in pattern.pattern.converters]
                )
        # No files: that they were asked for, and by which words, is on record with who asked.
        for name in ("overview", "accounts", "series", "overview-figures"):
            path = reverse(name)
            yield asked(path, asset=self.asset, kind="real")
            yield asked(path, tag=self.tag)
            yield asked(path, open=f"account:{self.account.uid}")
            yield asked(path, owner=str(known["organization"]))
        # By a part, which is not what is looked for: what is found is told from what was typed.
        for mark in (self.asset, self.label, self.tag):
            for name in ("search", "search-found"):
                yield asked(reverse(name), q=mark[:-1])
            yield asked(reverse("compare-accounts"), a_name=mark[:-1])
        yield asked(reverse("audit"), organization=str(known["organization"]))
        yield asked(reverse("audit"), thing=str(self.account.uid))


@pytest.fixture
def canaries(
    custody: Account, personal: Account, foreign: Account, simulator: Simulator
) -> dict[str, Canary]:
    owned = {"custody": custody, "personal": personal, "foreign": foreign}
    name = next(a["name"] for a in simulator.accounts if a["kind"] == "personal")
    simulated = SIMULATED | {"personal": name}
    made = {
        which: Canary(number, account, simulator, simulated[which])
        for number, (which, account) in enumerate(owned.items(), 1)
    }
    refreshes.refresh_now(list(owned.values()))
    assert labels.tags_of(Account.objects.all())
    return made


def hidden_from(who: str, canaries: dict[str, Canary]) -> Iterator[str]:
    """Return every mark that somebody must not come upon."""
    for which, canary in canaries.items():
        if who not in READERS[which]:
            yield from canary.of_figures
            if (who, which) == OFFERED:
                yield from (canary.tag, str(canary.account.uid))
                continue
            if (who, which) == ("stranger", "personal"):
                # That they once accepted a share of it is on record, as it was called then.
                yield from (canary.label, canary.tag)
                continue
            # Who gave it away goes on reading of their own time with it.
            if (who, which) != ("former", "personal"):
                yield from canary.of_name


def crawled(
    cast: Cast, who: str, browser_of: Any, canaries: dict[str, Canary]
) -> tuple[Crawl, Crawl]:
    """Return what somebody comes upon by links, and by addresses that they try."""
    browser = Client() if who == "anonymous" else browser_of(getattr(cast, who))
    linked = Crawl(browser).walk("/")
    tried = [path for canary in canaries.values() for path in canary.tried()]
    return linked, Crawl(browser).tried(*tried)


@pytest.mark.parametrize("who", EVERYBODY)
def test_nobody_comes_upon_anything_of_others(
    cast: Cast, canaries: dict[str, Canary], browser_of: Any, who: str
) -> None:
    linked, tried = crawled(cast, who, browser_of, canaries)
    for one in (*linked.seen, *tried.seen):
        assert one.status < 500, one.path
        # What somebody asked for by name may stand in the form that they asked by.
        plain = one.text.replace(",", "").replace("\u202f", "")
        found = [
            m for m in hidden_from(who, canaries) if m in plain and m not in asked_by(one.path)
        ]
        assert not found, (one.path, one.shown_on)
    for one in linked.seen:
        fine = {200, 204, 302} if one.is_link else {200, 204, 302, 405}
        assert one.status in fine, (one.path, one.shown_on, one.status)
    if who == OFFERED[0]:
        named = [one for one in linked.seen if canaries[OFFERED[1]].label in one.text]
        assert {urlsplit(one.path).path for one in named} == {reverse("shared")}
    for path, element in pieces([*linked.seen, *tried.seen]):
        if element.attributes.get("type") == "application/json":
            continue  # data, which no browser runs
        assert element.tag != "script" or "src" in element.attributes, path
        assert_inert(element)
    if who != "anonymous":
        assert_a_way_out(linked.seen)
    own = [c for which, c in canaries.items() if who in READERS[which]]
    for canary in own:  # the walk would have seen it
        seen = "".join(one.text for one in linked.seen).replace(",", "")
        assert canary.label in seen
        assert canary.digits in seen


def assert_a_way_out(seen: list[Seen]) -> None:
    pages = list(whole_pages(seen))
    assert len(pages) > 5
    for one, page in pages:
        assert page.has("form", action=reverse("sign-out")), one.path


def asked_by(path: str) -> str:
    """Return what an address says itself, which a page repeats to whoever typed it."""
    return path
