"""Walks the site as one person does: every link, form, fragment, series and file of its pages."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from django.test import Client
from django.urls import Resolver404, resolve

from tests.support.markup import Element, Page, read

#: Where an element says that something is to be fetched.
LINKS = ("href", "hx-get", "data-series-url")
ACTIONS = ("action", "formaction", "hx-post")
#: So many addresses of one kind (page, names in the query) are opened; more are more of the same.
SAME = 1


@dataclass(frozen=True)
class Seen:
    """One answer, and how one came to ask."""

    path: str
    shown_on: str
    is_link: bool
    status: int
    kind: str
    text: str

    @cached_property
    def page(self) -> Page | None:
        """The page, if it is one or a part of one."""
        return read_text(self.text) if self.kind.startswith("text/html") else None


def read_text(text: str) -> Page:
    return read(type("Answer", (), {"content": text.encode()}))


@dataclass
class Crawl:
    """All that a person comes upon from the first page on, and from addresses that they try."""

    browser: Client
    seen: list[Seen] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)
    _kinds: "Counter[tuple[str, ...]]" = field(default_factory=Counter)

    def walk(self, *starts: str) -> "Crawl":
        waiting = [(start, "", True) for start in starts]
        while waiting:
            path, shown_on, is_link = waiting.pop(0)
            if self._is_new(path):
                waiting += self._opened(path, shown_on, is_link=is_link)
        return self

    def tried(self, *paths: str) -> "Crawl":
        """Open these alone, wherever they lead."""
        for path in paths:
            self._opened(path, "", is_link=False)
        return self

    def _is_new(self, path: str) -> bool:
        kind = kind_of(path)
        if path in self._known or self._kinds[kind] >= SAME:
            return False
        self._known.add(path)
        self._kinds[kind] += 1
        return True

    def _opened(self, path: str, shown_on: str, *, is_link: bool) -> list[tuple[str, str, bool]]:
        answer: Any = self.browser.get(path)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        kind = answer.headers.get("Content-Type", "")
        one = Seen(path, shown_on, is_link, answer.status_code, kind, content.decode())
        self.seen.append(one)
        found = list(leads(one.page, path)) if one.page else []
        if location := answer.headers.get("Location"):
            found.append((inside(location, path), True))
        return [(to, path, link) for to, link in found if to]


def leads(page: Page, here: str) -> Iterator[tuple[str, bool]]:
    """Return where a page leads, and whether that is for reading."""
    for number, element in enumerate(page.elements):
        told = element.attributes
        if element.tag == "form" and told.get("method", "get") == "get":
            yield filled(inside(told.get("action", here), here), page.elements[number + 1 :]), True
            continue
        yield from (
            (inside(told[n], here), True) for n in LINKS if n in told and element.tag != "link"
        )
        yield from ((inside(told[n], here), False) for n in ACTIONS if n in told)


def filled(path: str, following: list[Element]) -> str:
    """Return where a form of reading leads that is sent as it is shown, as far as it says."""
    own = takewhile(lambda element: element.tag != "form", following)
    given = [e.attributes for e in own if e.attributes.get("type") in {"hidden", "date", "time"}]
    told = [(one["name"], one.get("value", "")) for one in given if "name" in one]
    if ("time", "") in told:  # a day is only offered: what is new had no yesterday
        told = [(name, text) for name, text in told if name not in {"date", "time"}]
    query = urlencode(told)
    return f"{path.partition('?')[0]}?{query}" if query else path


def inside(address: str, here: str) -> str:
    """Return an address of this site without its fragment; nothing for a place on the page."""
    parts = urlsplit(urljoin(here, address))
    assert not parts.netloc or parts.netloc == "testserver", address
    return "" if address.startswith("#") else urlunsplit(("", "", parts.path, parts.query, ""))


def kind_of(path: str) -> tuple[str, ...]:
    """Return what addresses have in common that show more of the same."""
    parts = urlsplit(path)
    try:
        match = resolve(parts.path)
    except Resolver404:
        return (parts.path,)
    about = [str(value) for value in match.kwargs.values()]
    return (str(match.view_name), *about, *sorted(name for name, _ in parse_qsl(parts.query)))


def asked(path: str, **query: str) -> str:
    return f"{path}?{urlencode(query)}"


def whole_pages(seen: list[Seen]) -> Iterator[tuple[Seen, Page]]:
    for one in seen:
        if (page := one.page) and page.all("html"):
            yield one, page


def pieces(seen: list[Seen]) -> Iterator[tuple[str, Element]]:
    """Return every element of everything that was seen, and where."""
    for one in seen:
        if page := one.page:
            yield from ((one.path, element) for element in page.elements)
