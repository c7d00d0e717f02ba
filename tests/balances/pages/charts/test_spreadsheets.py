"""CSV files open right in a spreadsheet: encoding, and no cell that computes."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.models import Account
from accounts.shared.csv_cells import json_cell, text_cell
from balances.polling import refreshes
from tests.conftest import Cast, Simulator

MARK = "\ufeff".encode()
NAMES = sorted(
    name for name in get_resolver().reverse_dict if isinstance(name, str) and "csv" in name
)


@pytest.fixture
def browser(cast: Cast, browser_of: Any) -> Client:
    found: Client = browser_of(cast.admin)
    return found


def body(answer: Any) -> bytes:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("every", ["", "change"])
def test_each_file_begins_with_one_mark_of_its_encoding(
    browser: Client, custody: Account, simulator: Simulator, name: str, every: str
) -> None:
    simulator.holds("Custody", BTC=(100, 100, 0, 0, 2))
    refreshes.refresh_now([custody])
    args = [custody.uid] if name.startswith("account") else []
    asked = {"every": every} if every else {}
    answer = browser.get(reverse(name, args=args), {"asset": "BTC", **asked})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    text = body(answer)
    assert text.startswith(MARK)
    assert text.count(MARK) == 1
    assert text.endswith(b"\r\n")


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("Custody", "Custody"),
        ("Custody; cold - old", "Custody; cold - old"),
        ("a-b=c@d", "a-b=c@d"),
        ("", ""),
        ("=1", "'=1"),
        ("\t=1", "'\t'=1"),
        ("a;=1+1;b", "a;'=1+1;b"),
        ("a;;-1", "a;;'-1"),
        ("a; =1", "a;' =1"),
        ('a;"=1"', 'a;\'"=1"'),
        ("a,+1", "a,'+1"),
        ("a\t@A1", "a\t'@A1"),
        ("a\n=1", "a\n'=1"),
        ("a\r\n=1", "a\r'\n'=1"),
        ("ä;\N{FULLWIDTH EQUALS SIGN}1", "ä;'\N{FULLWIDTH EQUALS SIGN}1"),
        ("\N{FULLWIDTH PLUS SIGN}1", "'\N{FULLWIDTH PLUS SIGN}1"),
        ("a\N{FULLWIDTH SEMICOLON}=1", "a\N{FULLWIDTH SEMICOLON}'=1"),
        ("\N{VULGAR FRACTION ONE HALF};=1", "\N{VULGAR FRACTION ONE HALF};'=1"),
    ],
)
def test_no_part_of_a_cell_is_a_formula_wherever_it_is_split(text: str, cell: str) -> None:
    assert text_cell(text) == cell


def test_facts_stay_the_same_json_without_a_place_to_split() -> None:
    facts = {"label": 'a;=1;"b', "tags": "\u00e4;+1"}
    cell = json_cell(json.dumps(facts))
    assert ";" not in cell
    assert json.loads(cell) == facts
