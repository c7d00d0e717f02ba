"""A name shows exactly what it is, or the answer is refused."""

import json

import pytest

from qredo import NotUnderstood, parse_balances

ENTRY = {"total": 1, "available": 1, "pendingIn": 0, "pendingOut": 0, "scale": 1}


def body(name: str) -> bytes:
    return json.dumps({"assets": {name: ENTRY}}).encode()


@pytest.mark.parametrize(
    "name",
    [
        "BTC",
        "BTC-TESTNET",
        "a b",
        "<script>alert(1)</script>",
        '=HYPERLINK("x")',
        "{{ 7*7 }}",
        "Zlot\u00e9",
        "\u20bf",
        "\u65e5\u672c",
        "x" * 128,
    ],
)
def test_visible_names_are_taken_as_they_are(name: str) -> None:
    assert parse_balances(body(name)).assets[0].asset == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        " BTC",
        "BTC ",
        "B\tC",
        "B\nC",
        "B\x00C",
        "B\x7fC",
        "B\x85C",
        "B\u00a0C",
        "B\u2003C",
        "B\u2028C",
        "B\u200bC",
        "B\u200dC",
        "B\u2060C",
        "\ufeffBTC",
        "B\u00adC",
        "\u202eCTB",
        "B\u2066C",
        "B\u061cC",
        "\ud800",
        "B\ue000",
        "B\u0378",
        "B\uffff",
        "e\u0301",
        "\u0301BTC",
        "B\ufe0f",
        "B\u3164",
        "\U000e0101",
        "x" * 129,
        "x" * 10_000,
    ],
    ids=lambda name: ascii(name)[:20],
)
def test_other_names_are_refused_and_shown_escaped(name: str) -> None:
    with pytest.raises(NotUnderstood) as caught:
        parse_balances(body(name))
    error = caught.value
    assert error.asset is not None
    assert error.asset.isascii()
    assert error.asset.isprintable()
    assert len(error.asset) <= 60
    assert error.detail.isascii()
