"""Pages travel compressed to whoever can take that; their length tells nothing exact."""

import gzip
from typing import Any

from accounts.models import Account
from tests.conftest import Cast
from tests.support.history import at, coins, keyless, seen


def an_account() -> Account:
    account = keyless("Vault", at(10))
    seen(account, at(10), BTC=coins(100))
    return account


def test_a_page_is_compressed_for_who_asks(cast: Cast, browser_of: Any) -> None:
    an_account()
    browser = browser_of(cast.viewer)
    answer = browser.get("/accounts/", headers={"accept-encoding": "gzip, br"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert b"Vault" in gzip.decompress(answer.content)
    assert len(answer.content) < len(gzip.decompress(answer.content)) / 3
    assert "Content-Encoding" not in browser.get("/accounts/").headers


def test_the_length_of_an_answer_varies_by_chance(cast: Cast, browser_of: Any) -> None:
    an_account()
    browser = browser_of(cast.viewer)
    asked = {"accept-encoding": "gzip"}
    lengths = {len(browser.get("/accounts/", headers=asked).content) for _ in range(12)}
    assert len(lengths) > 3
