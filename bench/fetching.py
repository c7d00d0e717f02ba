"""Fetches a file in a process of its own: `python -m bench.fetching READER ADDRESS`.

It prints how many lines came and by how many kilobytes its memory rose above what it had before.
"""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.test import Client


def main(reader: int, address: str) -> None:
    """Fetch a short file, then the long one."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "qredo_dash.settings"
    import django

    django.setup()
    from django.test import Client
    from django.test.utils import setup_test_environment

    from accounts.models import User

    setup_test_environment()
    browser = Client()
    browser.force_login(User.objects.get(pk=reader))
    fetched(browser, f"{address}&range=24h")
    idle = memory("VmRSS")
    found = fetched(browser, f"{address}&range=all")
    print(json.dumps({"lines": found, "over": memory("VmHWM") - idle}))


def fetched(browser: "Client", address: str) -> int:
    """Return the lines of a file after its header, of which only a part is held at a time."""
    answer = browser.get(address)
    parts: Iterable[bytes] = getattr(answer, "streaming_content", None) or [answer.content]
    return sum(part.count(b"\n") for part in parts) - 1


def memory(field: str) -> int:
    """Return a figure of this process in kilobytes."""
    text = Path("/proc/self/status").read_text()
    return int(text.partition(f"{field}:")[2].split()[0])


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
