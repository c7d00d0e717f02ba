"""Whether time tells what is another's from what does not exist: `python -m bench.missing`.

Both are asked for in alternation, in random order within each pair, through the whole stack of
middleware and templates in one process: nearer to the difference than a network lets anybody be.
"""

import argparse
import logging
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import erfc, sqrt
from statistics import median
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test import Client

#: Name of the address and the method that it is asked by.
ADDRESSES = (
    ("account", "GET"),
    ("account-figures", "GET"),
    ("account-refresh", "POST"),
    ("account-key", "GET"),
    ("members", "GET"),
    ("incident", "GET"),
)


@dataclass(frozen=True, slots=True)
class Compared:
    """What many pairs of requests took, in seconds."""

    name: str
    theirs: Sequence[float]
    nobodys: Sequence[float]

    @property
    def ratio(self) -> float:
        return median(self.theirs) / median(self.nobodys)

    @property
    def chance(self) -> float:
        """How likely such ranks are if both take the same time (Mann and Whitney, two-sided)."""
        many, few = len(self.theirs), len(self.nobodys)
        mean = many * few / 2
        spread = sqrt(many * few * (many + few + 1) / 12)
        return erfc(abs(self._wins - mean) / spread / sqrt(2))

    @property
    def _wins(self) -> float:
        """Return in how many of all pairings what is another's took longer."""
        both = sorted([(t, True) for t in self.theirs] + [(t, False) for t in self.nobodys])
        ranks = sum(rank for rank, (_, is_theirs) in enumerate(both, 1) if is_theirs)
        return ranks - len(self.theirs) * (len(self.theirs) + 1) / 2

    def __str__(self) -> str:
        one, other = (median(times) * 1e6 for times in (self.theirs, self.nobodys))
        return f"{self.name:<24}{one:>10.0f}{other:>10.0f}{self.ratio:>9.4f}{self.chance:>9.3f}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.missing")
    parser.add_argument("--pairs", type=int, default=2000)
    options = parser.parse_args()
    from bench.__main__ import founded

    with founded():
        print(f"{'address':<24}{'other, µs':>10}{'none, µs':>10}{'ratio':>9}{'p':>9}")
        logging.disable()  # a line for each would take longer than the answer
        for found in compared(options.pairs):
            print(found, flush=True)
    return 0


def compared(pairs: int) -> Iterator[Compared]:
    """Measure every address."""
    from django.test.utils import override_settings
    from django.urls import reverse

    with override_settings(ALLOWED_HOSTS=["testserver"]):
        browser, ids = _stage()
        for kind, look in _look_ups():
            yield Compared(f"look-up of {kind}", *_alternating(look, ids[kind], pairs))
        for name, method in ADDRESSES:

            def ask(uid: UUID, *, name: str = name, method: str = method) -> None:
                answer = browser.generic(method, reverse(name, args=[uid]))
                assert answer.status_code == 404

            yield Compared(name, *_alternating(ask, ids[name.partition("-")[0]], pairs))


def _look_ups() -> "Iterator[tuple[str, Callable[[UUID], None]]]":
    """Return what decides about scope, without a page around it."""
    from django.http import Http404

    from accounts.access.decorators import in_organization, in_scope
    from accounts.models import User
    from accounts.shared.http import Request

    def nothing(*_: object) -> "HttpResponse":
        raise AssertionError("what is another's was found")

    request = Request()
    request.user = User.objects.get()
    for kind, view in (("account", in_scope(nothing)), ("members", in_organization(nothing))):

        def look(uid: UUID, *, view: "Callable[[Request, UUID], HttpResponse]" = view) -> None:
            with suppress(Http404):
                view(request, uid)

        yield kind, look


def _stage() -> "tuple[Client, dict[str, UUID]]":
    """Make a reader with accounts of their own, and what belongs to others."""
    from django.test import Client
    from django.utils import timezone

    from accounts.models import Account, Membership, Organization, Role, User
    from balances.models import Incident

    own, other = (Organization.objects.create(name=name) for name in ("Own", "Other"))
    reader = User.objects.create_user("reader@bench.example")
    Membership.objects.create(user=reader, organization=own, role=Role.ADMIN)
    for body in (own, other):
        made = (
            Account(label=f"Account {n}", organization=body, environment="production")
            for n in range(500)
        )
        Account.objects.bulk_create(made)
    incident = Incident.objects.create(
        organization=other, environment="production", kind="key_rejected", began_at=timezone.now()
    )
    theirs = Account.objects.filter(organization=other)[250]
    browser = Client()
    browser.force_login(reader)
    return browser, {"account": theirs.uid, "members": other.uid, "incident": incident.uid}


def _alternating(
    ask: Callable[[UUID], None], theirs: UUID, pairs: int
) -> tuple[list[float], list[float]]:
    chance = random.Random(1)  # noqa: S311 - an order, not a secret
    taken: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(pairs):
        for is_theirs in chance.sample((True, False), 2):
            uid = theirs if is_theirs else uuid4()
            began = time.perf_counter()
            ask(uid)
            taken[is_theirs].append(time.perf_counter() - began)
    return taken[True], taken[False]


if __name__ == "__main__":
    sys.exit(main())
