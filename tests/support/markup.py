"""Reads pages as a browser does: elements with their attributes, and the text between them."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import Account


@dataclass
class Element:
    """An element of a page."""

    tag: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Page:
    """A page that was read: its elements in order, and all its text with single spaces."""

    elements: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, tag: str, **wanted: str) -> list[Element]:
        """Return the elements with this name and these attributes (`class_` and `for_` too)."""
        asked = {name.rstrip("_").replace("_", "-"): text for name, text in wanted.items()}
        return [e for e in self.elements if e.tag == tag and asked.items() <= e.attributes.items()]

    def has(self, tag: str, **wanted: str) -> bool:
        """Whether there is exactly one such element."""
        return len(self.all(tag, **wanted)) == 1

    def one(self, tag: str, **wanted: str) -> Element:
        """Return the only such element."""
        (found,) = self.all(tag, **wanted)
        return found

    def amounts(self) -> list[str]:
        """Return the exact text of every amount on the page, in order."""
        return [e.attributes["data-exact"] for e in self.all("span", class_="amount")]

    def values(self) -> dict[str, str]:
        """Return what the fields of the page's forms show."""
        return {
            e.attributes["name"]: e.attributes.get("value", "")
            for e in self.all("input")
            if "name" in e.attributes
            and (e.attributes.get("type") != "radio" or "checked" in e.attributes)
        }


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in {tag}"
        self.page.elements.append(Element(tag, {name: text or "" for name, text in attrs}))

    def handle_data(self, data: str) -> None:
        self.parts.append(data)
        if self.page.elements:
            self.page.elements[-1].text += data


def read(answer: HttpResponse | Any) -> Page:
    """Read an answer's HTML."""
    return read_html(answer.content.decode())


def read_html(text: str) -> Page:
    """Read a page, or a part of one."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    reader.page.text = re.sub(r"\s+", " ", " ".join(reader.parts))
    return reader.page


def shown(browser: Client, name: str, account: Account | None = None, **query: Any) -> Page:
    """Return a page that somebody opens."""
    answer = browser.get(reverse(name, args=[account.uid] if account else []), query)
    assert answer.status_code == 200
    return read(answer)


def steady(text: str) -> str:
    """Return a page's source without what is random or of the second."""
    text = re.sub(r"[A-Za-z0-9]{64}", "(token)", text)
    text = re.sub(r'data-ends-in="[0-9]+"', "(soon)", text)
    return re.sub(r'server-now" content="[0-9]+"', "(now)", text)
