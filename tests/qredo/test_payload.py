"""An answer is understood exactly, or refused with the place where it was not."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qredo import (
    AccountKind,
    AssetBalance,
    NotJson,
    NotUnderstood,
    QredoError,
    parse_account,
    parse_balances,
)

SAMPLES = Path(__file__).parent / "samples"
BTC = '"BTC":{"total":7,"available":5,"pendingIn":3,"pendingOut":1,"scale":100000000}'


def btc(**texts: str) -> bytes:
    """Return an answer with one asset, some of its values replaced by raw JSON text."""
    values = {"total": "7", "available": "5", "pendingIn": "3", "pendingOut": "1", "scale": "1"}
    fields = ",".join(f'"{name}":{text}' for name, text in (values | texts).items())
    return f'{{"assets":{{"BTC":{{{fields}}}}}}}'.encode()


def refused(body: bytes | str) -> NotUnderstood:
    with pytest.raises(NotUnderstood) as caught:
        parse_balances(body if isinstance(body, bytes) else body.encode())
    return caught.value


def test_sample_as_object() -> None:
    balances = parse_balances((SAMPLES / "balance-tool-readme.json").read_bytes())
    assert balances.assets == (
        AssetBalance("BTC-TESTNET", 0, 0, 0, 0, 100_000_000),
        AssetBalance("QCOIN-1", 200_000, 200_000, 0, 0, 1),
        AssetBalance("QCOIN-2", 100_000, 100_000, 0, 0, 1),
    )


def test_sample_as_list() -> None:
    balances = parse_balances((SAMPLES / "balance-introduction-page.json").read_bytes())
    assert balances.assets == (
        AssetBalance("BTC", 1_000, 980, 20, 0, 1),
        AssetBalance("ETH", 2_000, 1_500, 500, 0, 1),
    )


@pytest.mark.parametrize("assets", ["null", "{}", "[]"])
def test_empty(assets: str) -> None:
    balances = parse_balances(f'{{"assets":{assets}}}'.encode())
    assert (balances.assets, balances.unknown_fields) == ((), ())


@pytest.mark.parametrize("body", [b"null", b" null\r\n", b'{"data":null}', b'{ "data" : null }'])
def test_null_of_an_organization_without_funds_is_empty(body: bytes) -> None:
    balances = parse_balances(body)
    assert (balances.assets, balances.unknown_fields) == ((), ())


def test_assets_are_sorted() -> None:
    entry = '{"total":0,"available":0,"pendingIn":0,"pendingOut":0,"scale":1}'
    body = f'{{"assets":{{"Z":{entry},"A":{entry},"M":{entry}}}}}'.encode()
    assert [one.asset for one in parse_balances(body).assets] == ["A", "M", "Z"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \r\n",
        b"<html>",
        b" \n <!DOCTYPE html>",
        b"null null",
        b'{"assets":{' + BTC.encode(),
        b'{"assets":null}}',
        b"\xef\xbb\xbf" + b'{"assets":null}',
        '{"assets":null}'.encode("utf-16"),
        b'{"assets":"\xff"}',
        b"{'assets':null}",
        b'{"assets":null,}',
        b'{"assets":NaN}',
        b'{"x":Infinity,"assets":null}',
        b'{"x":-Infinity,"assets":null}',
    ],
)
def test_what_is_not_json(body: bytes) -> None:
    with pytest.raises(NotJson) as caught:
        parse_balances(body)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "7",
        '"x"',
        "{}",
        "[null]",
        '"null"',
        '{"data":{}}',
        '{"data":[]}',
        '{"data":false}',
        '{"data":"null"}',
        '{"Data":null}',
        '{"data":null,"page":1}',
        '{"data":null,"code":"500","msg":"No"}',
        f'{{"data":{{"assets":{{{BTC}}}}}}}',
        '{"data":{"assets":null}}',
        '{"assets":null,"code":500}',
        '{"assets":null,"msg":"No"}',
        '{"assets":null,"error":"No"}',
        '{"assets":{},"code":"500","msg":"No"}',
        '{"assets":[],"detail":"No"}',
        '{"code":"401"}',
        '{"Assets":null}',
        '{"assets":false}',
        '{"assets":0}',
        '{"assets":""}',
        '{"assets":"BTC"}',
        '{"assets":[null]}',
        '{"assets":[[]]}',
        '{"assets":[{}]}',
        f'{{"assets":[{{{BTC},{BTC.replace("BTC", "ETH")}}}]}}',
        '{"assets":{"BTC":null}}',
        '{"assets":{"BTC":[]}}',
        '{"assets":{"BTC":1}}',
        "[" * 2_000_000,
        '{"assets":' * 500_000,
        '{"assets":[' + "[" * 20_000 + "]" * 20_000 + "]}",
    ],
    ids=lambda body: body[:40],
)
def test_other_documents_are_not_understood(body: str) -> None:
    assert refused(body).permanent


@pytest.mark.parametrize(
    "body",
    [
        f'{{"assets":{{{BTC},{BTC}}}}}',
        f'{{"assets":{{{BTC}}},"assets":null}}',
        '{"assets":{' + BTC + "," + BTC.replace("BTC", "BT\\u0043") + "}}",
        f'{{"assets":{{{BTC[:-1]},"total":7}}}}}}',
        '{"assets":null,"other":[{"x":1,"x":1}]}',
    ],
)
def test_names_twice_are_refused(body: str) -> None:
    assert "twice" in refused(body).detail


def test_asset_twice_in_a_list_is_refused() -> None:
    error = refused(f'{{"assets":[{{{BTC}}},{{{BTC}}}]}}')
    assert error.asset == "BTC"


ODD_NUMBERS = [
    "-1",
    "-0",
    "1.0",
    "7.5",
    "1e3",
    "1E3",
    "0.0",
    '"7"',
    "true",
    "false",
    "null",
    "[]",
    "{}",
    str(2**256 + 1),
    "9" * 79,
    "9" * 5_000,
    "1" + "0" * 1_000_000,
    "1e999999999",
    "-" + "9" * 5_000,
]


@pytest.mark.parametrize("field", ["total", "available", "pendingIn", "pendingOut"])
@pytest.mark.parametrize("text", ODD_NUMBERS, ids=lambda text: text[:12])
def test_amounts_in_disguise_are_refused(field: str, text: str) -> None:
    error = refused(btc(**{field: text}))
    assert (error.asset, error.field) == ("BTC", field)
    assert f"BTC {field}" in error.detail
    assert len(error.detail) < 300


@pytest.mark.parametrize("text", ["01", "+1", "0x10", "1_000", ".5", "\u0661"])
def test_numbers_that_json_does_not_know(text: str) -> None:
    with pytest.raises(NotJson):
        parse_balances(btc(total=text))


@given(st.integers(min_value=0, max_value=2**256))
def test_amounts_are_exact(amount: int) -> None:
    (balance,) = parse_balances(btc(total=str(amount), pendingIn=str(2**256))).assets
    assert (balance.total, balance.pending_in) == (amount, 2**256)


@pytest.mark.parametrize("field", ["total", "available", "pendingIn", "pendingOut", "scale"])
def test_missing_field_is_named(field: str) -> None:
    document: dict[str, Any] = json.loads(btc())
    del document["assets"]["BTC"][field]
    error = refused(json.dumps(document))
    assert (error.asset, error.field) == ("BTC", field)


@pytest.mark.parametrize("places", range(31))
def test_powers_of_ten_are_scales(places: int) -> None:
    power = 10**places
    for text in (
        str(power),
        f"{power}.0",
        f"{power}.000",
        f"1e{places}",
        f"1E+{places}",
        f"1.0e{places}",
    ):
        (balance,) = parse_balances(btc(scale=text)).assets
        assert balance.scale == power
        assert type(balance.scale) is int


@pytest.mark.parametrize(
    "text",
    [
        *("0", "-1", "-0", "0.0", "-100", "2", "5", "15", "99999999", "100000001", "0.1", "1e-8"),
        *("100000000.5", "100000000.00000000000000000001", "1e31", "1e400", "1e999999999999"),
        *(f"{10**31}", "2e8", '"100000000"', "true", "null", "[]", "1" + "0" * 100_000),
        *("0e5", "1." + "0" * 100 + "1", "10e-1"),
    ],
    ids=lambda text: text[:12],
)
def test_other_scales_are_refused(text: str) -> None:
    assert refused(btc(scale=text)).field == "scale"


def test_broken_identity_is_stored_and_flagged() -> None:
    (whole,) = parse_balances(btc()).assets
    (broken,) = parse_balances(btc(total="8")).assets
    assert (whole.identity_holds, broken.identity_holds) == (True, False)
    assert broken.total == 8


def test_unknown_fields_are_listed_and_ignored() -> None:
    body = b'{"page":-1.5e9,"assets":{' + BTC[:-1].encode() + b',"staked":[{"x":-0}]}}}'
    balances = parse_balances(body)
    assert balances.unknown_fields == ("assets.*.staked", "page")
    assert balances.assets[0].total == 7


def test_unknown_fields_are_bounded_and_escaped() -> None:
    tail = "x" * 500
    extra = ",".join(f'"\\u202e{number}{tail}":0' for number in range(500))
    names = parse_balances(f'{{"assets":null,{extra}}}'.encode()).unknown_fields
    assert len(names) == 20
    assert all(name.isascii() and len(name) < 80 for name in names)


def many(count: int) -> bytes:
    entry = '{"total":1,"available":1,"pendingIn":0,"pendingOut":0,"scale":1}'
    items = ",".join(f'{{"A{number}":{entry}}}' for number in range(count))
    return f'{{"assets":[{items}]}}'.encode()


def test_ten_thousand_assets_and_no_more() -> None:
    assert len(parse_balances(many(10_000)).assets) == 10_000
    assert refused(many(10_001)).field == "assets"


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode()))
def test_any_bytes_end_in_an_error_of_ours(body: bytes) -> None:
    with pytest.raises(QredoError):
        parse_balances(body)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_any_json_as_assets_is_taken_or_an_error_of_ours(value: object) -> None:
    try:
        balances = parse_balances(json.dumps({"assets": value}).encode())
    except QredoError:
        return
    assert balances.assets == ()
    assert value in (None, [], {})


def test_account_of_an_organization() -> None:
    body = b'{"settings":{"id":"o1","name":"Made Up Fund","email":"x","domain":"d","members":[]}}'
    info = parse_account(body)
    assert (info.kind, info.uid, info.name) == (AccountKind.ORGANIZATION, "o1", "Made Up Fund")


@pytest.mark.parametrize("value", ["7", "null", '"\\u202ex"', '"' + "x" * 201 + '"', '"\\ud800"'])
def test_account_text_that_is_not_plain_is_left_empty(value: str) -> None:
    info = parse_account(f'{{"settings":{{"id":"o1","name":{value}}}}}'.encode())
    assert (info.kind, info.uid, info.name) == (AccountKind.UNKNOWN, "o1", "")


@pytest.mark.parametrize("body", [b"[]", b'{"settings":[]}', b"null"])
def test_account_that_is_none(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        parse_account(body)
