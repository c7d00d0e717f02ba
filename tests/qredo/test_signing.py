import base64
import copy
import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qredo import (
    BadKeyId,
    BadSecret,
    Secret,
    TimestampUnit,
    clean_key_id,
    decode_secret,
    sign,
    timestamp_text,
)
from tests.qredo.keys import SECRET_BYTES, SECRET_TEXT

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["source"])
def test_published_vector(vector: dict[str, str]) -> None:
    signature = sign(
        decode_secret(vector["secret"]),
        timestamp=vector["timestamp"],
        method=vector["method"],
        url=vector["url"],
        body=vector["body"].encode(),
    )
    assert signature == vector["signature"]


def test_signature_covers_method_url_timestamp_and_body() -> None:
    secret = Secret(SECRET_BYTES)
    variants = {
        sign(secret, timestamp="1", method="GET", url="https://h/a"),
        sign(secret, timestamp="2", method="GET", url="https://h/a"),
        sign(secret, timestamp="1", method="POST", url="https://h/a"),
        sign(secret, timestamp="1", method="GET", url="https://h/b"),
        sign(secret, timestamp="1", method="GET", url="https://h/a", body=b"x"),
    }
    assert len(variants) == 5
    assert all("=" not in one and len(one) == 43 for one in variants)


def test_method_is_signed_in_upper_case() -> None:
    secret = Secret(SECRET_BYTES)
    lower = sign(secret, timestamp="1", method="get", url="https://h/a")
    assert lower == sign(secret, timestamp="1", method="GET", url="https://h/a")


@given(st.binary(min_size=16, max_size=300))
def test_every_spelling_of_a_secret_decodes(value: bytes) -> None:
    standard = base64.b64encode(value).decode()
    url_safe = base64.urlsafe_b64encode(value).decode()
    half = len(standard) // 2
    for text in (
        standard,
        url_safe,
        standard.rstrip("="),
        url_safe.rstrip("="),
        f" \t\n{standard}\r\n ",
        f"{standard[:half]}\r\n  {standard[half:]}",
    ):
        assert decode_secret(text).reveal() == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("QUJD", b"ABC"), ("QQ", b"A"), ("QR==", b"A")],  # the last has left-over bits, as Qredo may
)
def test_a_short_or_loosely_written_secret_is_still_one(text: str, value: bytes) -> None:
    assert decode_secret(text).reveal() == value


LONG_TAIL = "made" * 8


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \r\n ",
        "+" + "_" + "A" * 30,  # two alphabets
        f"{LONG_TAIL}=",  # padding where none belongs
        f"{LONG_TAIL}AA=",  # half the padding
        f"{LONG_TAIL}A",  # no length that Base64 has
        f"{LONG_TAIL}=AAAA",
        f"made {LONG_TAIL}",  # a space within a line is no wrapped line
        f'"{LONG_TAIL}"',
        f"{LONG_TAIL}\u200b",
        f"{LONG_TAIL}\uff21\uff21\uff21\uff21",  # full-width letters
        "A" * 1_028,
        "A" * 1_048_576,
    ],
)
def test_anything_else_is_refused_without_echo(text: str) -> None:
    with pytest.raises(BadSecret) as caught:
        decode_secret(text)
    message = str(caught.value)
    assert message.endswith(".")
    assert LONG_TAIL not in message
    assert "A" * 20 not in message
    assert caught.value.__context__ is None


def test_refused_secret_is_not_in_the_frames_of_the_error() -> None:
    with pytest.raises(BadSecret) as caught:
        decode_secret(f"{LONG_TAIL}!")
    frame = caught.value.__traceback__
    assert frame is not None
    own = frame.tb_next
    while own is not None:
        assert LONG_TAIL not in repr(own.tb_frame.f_locals)
        own = own.tb_next


def test_longest_secret_is_taken() -> None:
    assert len(decode_secret("A" * 1_024).reveal()) == 768


def test_secret_never_shows_itself() -> None:
    secret = decode_secret(SECRET_TEXT)
    for shown in (repr(secret), str(secret), f"{secret}", repr([secret])):
        assert "made-up" not in shown
        assert SECRET_TEXT not in shown
    assert not hasattr(secret, "__dict__")


def test_secret_is_neither_pickled_nor_copied() -> None:
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="neither copied nor pickled"):
            attempt(Secret(SECRET_BYTES))


def test_key_id_is_trimmed() -> None:
    assert clean_key_id(" \n_made-up-1\t") == "_made-up-1"
    assert clean_key_id("a" * 128) == "a" * 128


@pytest.mark.parametrize(
    "text", ["", "  ", "made up", "made.up", "made=up", "made\nup", "mäde", "a" * 129, "٣"]
)
def test_other_key_ids_are_refused_without_echo(text: str) -> None:
    with pytest.raises(BadKeyId) as caught:
        clean_key_id(text)
    assert not text.strip() or text not in str(caught.value)


def test_timestamps_round_down_without_float() -> None:
    instant = 1_700_000_000_999_999_999
    assert timestamp_text(instant, TimestampUnit.SECONDS) == "1700000000"
    assert timestamp_text(instant, TimestampUnit.MILLISECONDS) == "1700000000999"
    assert timestamp_text(instant, TimestampUnit.NANOSECONDS) == "1700000000999999999"
