"""A server installation started by hand, two workers and two beats at once: every slot once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import pytest

from tests.processes import by_hand
from tests.processes.books import Books, assert_sound, opened
from tests.processes.by_hand import HOST, ORIGIN, Site, ended_in_order, started
from tests.processes.program import Browser
from tests.processes.scene import EMAIL, PASSWORD, folder, moving
from tests.processes.waiting import until
from tests.support.servers.installation import INTERVAL
from tests.support.servers.qredo_server import QredoServer

EVERYTHING = ("beat", "beat", "worker", "worker")
ACCOUNTS = 20
#: A proxy that speaks https says so, and passes on where the person's browser believes to be.
PROXIED = {"Host": HOST, "Origin": ORIGIN, "X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with ExitStack() as undo:
        qredo, place = undo.enter_context(QredoServer().running()), undo.enter_context(folder())
        found = undo.enter_context(by_hand.installed(place, qredo))
        for number in range(3):
            add(found, f"By command {number}")
        found.ahead = 0
        found.enrol(*(moving() for _ in range(ACCOUNTS)))
        viewer = ("--email", EMAIL, "--organization", "Fund", "--role", "viewer")
        assert found.run("add_person", *viewer, stdin=f"{PASSWORD}\n").code == 0
        yield found


def add(site: Site, label: str) -> None:
    key_id, secret = site.qredo.new_key()
    site.qredo.answers[key_id] = moving()
    named = ("--label", label, "--organization", "Fund", "--environment", "production")
    ran = site.run("add_account", *named, "--api-key", key_id, stdin=f"{secret}\n")
    assert [line["verified"] for line in ran.lines] == [True]


def fresh(books: Books) -> Counter[int]:
    """Return how many slots of each account are fresh."""
    found: Counter[int] = Counter()
    for stretch in books.tiled:
        found[stretch.account] += stretch.slots if stretch.kind == "fresh" else 0
    return found


def asked(site: Site) -> Counter[int]:
    """Return how often each account's key has come to Qredo."""
    counts = site.qredo.counts()
    return Counter({account: counts[key_id] for account, key_id, _ in opened(site).keys})


def until_polled(site: Site, times: int) -> None:
    """Wait until every account has so many more fresh slots."""
    before = opened(site)
    goal = {account: fresh(before)[account] + times for account, _, _ in before.keys}
    until(lambda: all(fresh(opened(site))[a] >= n for a, n in goal.items()), times * INTERVAL + 40)


def test_every_slot_is_polled_once_and_the_end_misses_nothing(site: Site) -> None:
    before, asked_before = fresh(opened(site)), asked(site)
    with started(site, *EVERYTHING) as processes:
        until_polled(site, 2)
        codes = ended_in_order(processes)
        assert set(codes.values()) == {0}, codes
    books = assert_sound(site)
    assert asked(site) - asked_before == fresh(books) - before
    assert not site.sql("SELECT FROM balances_schedule WHERE claim_token IS NOT NULL")
    assert not site.qredo.offences()
    # Its stores are the given ones alone.
    assert not site.data_dir.exists()


def test_killed_ones_leave_their_work_to_the_others(site: Site) -> None:
    with started(site, *EVERYTHING) as processes:
        until_polled(site, 1)
        processes[0].killed()
        processes[2].killed()
        until_polled(site, 2)
        assert [process.popen.poll() for process in processes[1::2]] == [None, None]
        assert_sound(site)


def test_the_pages_are_served_behind_a_proxy(site: Site) -> None:
    with started(site, "web"):
        by_hand.until_well(site)
        browser = Browser(site.port, proxied=PROXIED)
        browser.sign_in(EMAIL, PASSWORD)
        page = browser.get("/")
        assert page.status == 200
        (total,) = site.sql("SELECT sum(total) FROM balances_holding WHERE asset = 'BTC'")[0]
        assert f"{Decimal(total).scaleb(-8):f}" in page.text
        assert "By command 0" in browser.get("/accounts/").text


def test_a_worker_that_answers_is_well(site: Site) -> None:
    assert not site.is_well("worker")
    with started(site, "worker", "beat"):
        until(lambda: site.is_well("worker"), 90)


@pytest.mark.parametrize("service", ["worker", "beat"])
def test_who_sees_that_nobody_polls_ends_to_be_started_again(site: Site, service: str) -> None:
    # Alone, neither of the two brings a poll about.
    with started(site, service) as (process,):
        assert process.ended() == 1
        assert "No account was polled for 19 s though slots are due" in process.log.read_text()


@pytest.mark.parametrize("kept", ["", "{}"])
def test_a_worker_that_could_open_no_key_refuses(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    private = tmp_path / "keyset"
    private.write_text(kept)
    monkeypatch.setitem(site.settings, "VAULT_KEYSET_FILE", str(private))
    public = str(site.servers.secrets / "vault_public_keyset")
    monkeypatch.setitem(site.settings, "VAULT_PUBLIC_KEYSET_FILE", public)
    with started(site, "worker") as (process,):
        assert process.ended() == 1
        last = process.log.read_text().splitlines()[-1]
        assert last.startswith("The vault's keysets cannot be read")
