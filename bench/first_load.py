"""Line 15: what a browser fetches that opens the overview for the first time."""

import gzip
import html
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.test import Client
from django.test.utils import override_settings

from bench.lines import Line
from bench.scene import Scene

_LINKED = re.compile(r'<(?:script|link)\b[^>]*\b(?:src|href)="([^"]+)"')
_FETCHED = re.compile(r'(?:data-series-url="([^"]+)"|hx-get="([^"]+)" hx-trigger="load)')
_IMPORTED = re.compile(r'(?:\bfrom|\bimport)\s*\(?\s*"(\./[^"]+)"')


def lines(scene: Scene) -> Iterator[Line]:
    """Count bytes and requests; every answer is compressed as gzip does it by itself."""
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        browser = Client()
        browser.force_login(scene.reader)
        bodies = list(_fetched(browser))
    size = sum(len(gzip.compress(body)) for body in bodies) / 1000
    yield Line(15, "first load of the overview, compressed", size, "KB", 150)
    yield Line(15, "first load of the overview, requests", len(bodies), "", 15)


def _fetched(browser: Client) -> Iterator[bytes]:
    page = browser.get("/").content
    yield page
    text = page.decode()
    for drawn, loaded in _FETCHED.findall(text):
        yield browser.get(html.unescape(drawn or loaded)).content
    waiting = [address.removeprefix(settings.STATIC_URL) for address in _LINKED.findall(text)]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            body = (Path(settings.STATIC_ROOT) / name).read_bytes()
            yield body
            if name.endswith(".js"):
                parent = Path(name).parent
                waiting += [str(parent / one) for one in _IMPORTED.findall(body.decode())]
