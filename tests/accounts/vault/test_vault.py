"""The vault: what is sealed for one row opens there alone, and only with the private keyset."""

import base64
import copy
import json
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction
from django.urls import reverse

import qredo
from accounts.models import Account, ApiKey, User
from accounts.vault import keyring, keysets, secrets
from balances.models import Schedule
from balances.polling import refreshes
from tests.conftest import Simulator
from tests.support import canary
from tests.support.history import coins
from tests.support.markup import read

WORDS = b"a made-up secret, 32 bytes long."
KEY, ACCOUNT = uuid4(), uuid4()


def forget_keysets() -> None:
    keyring._held.opener = None


@pytest.fixture(autouse=True)
def _fresh_keysets() -> Iterator[None]:
    yield
    forget_keysets()


def sealed() -> str:
    return secrets.seal(qredo.Secret(WORDS), key_uid=KEY, account_uid=ACCOUNT)


def test_sealed_and_opened_it_is_the_same() -> None:
    assert secrets.unseal(sealed(), key_uid=KEY, account_uid=ACCOUNT).reveal() == WORDS


#: A keyset and a text of it that were made once, for this test alone.
OLD_KEYSET = json.dumps(
    {
        "primaryKeyId": 1176735155,
        "key": [
            {
                "keyData": {
                    "typeUrl": "type.googleapis.com/google.crypto.tink.HpkePrivateKey",
                    "value": (
                        "EioSBggBEAEYAhogxuruaVE2fD2+KxSRBFQT5qvQi0lxn8pZcmGH7loZ"
                        "xBkaII+b2B2miLc/nb/xwZCGHRl5HOHXBWj+awjp/+5XZ32e"
                    ),
                    "keyMaterialType": "ASYMMETRIC_PRIVATE",
                },
                "status": "ENABLED",
                "keyId": 1176735155,
                "outputPrefixType": "TINK",
            }
        ],
    }
)
OLD_TEXT = (
    "hpke1.AUYjjbPAVrqWN8Vh_y8AZCLdutQs98LAe5k6K1hHOe42vgfqCVM7UTWjy7gH8q_N2NFUtelpzkHYILLJAu1Jgogt"
    "dVgDa0zJMYFn72epJbUoQGq0ug"
)


def test_a_text_that_an_earlier_version_sealed_still_opens(settings: Any) -> None:
    """Sealing and opening in one run agree on any context; stored keys hold an earlier one."""
    settings.VAULT_KEYSET = OLD_KEYSET
    forget_keysets()
    key = UUID("0b5c7a52-6a4e-4f3a-9a33-4f2d8c1e7b10")
    account = UUID("d1f0c3ae-58c7-4f0e-8f7b-2a9b6c5d4e3f")
    opened = secrets.unseal(OLD_TEXT, key_uid=key, account_uid=account)
    assert opened.reveal() == b"a made-up secret of long ago...."


def test_the_stored_form_names_its_format_and_never_repeats() -> None:
    first, second = sealed(), sealed()
    assert re.fullmatch(r"hpke1\.[A-Za-z0-9_-]{90,}", first)
    assert first != second


@pytest.mark.parametrize("row", [(uuid4(), ACCOUNT), (KEY, uuid4()), (ACCOUNT, KEY)])
def test_in_another_row_it_does_not_open(row: Any) -> None:
    with pytest.raises(secrets.VaultError):
        secrets.unseal(sealed(), key_uid=row[0], account_uid=row[1])


def test_every_flipped_bit_is_noticed() -> None:
    text = sealed().removeprefix("hpke1.")
    whole = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    for place in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        broken = "hpke1." + base64.urlsafe_b64encode(flipped).decode().rstrip("=")
        with pytest.raises(secrets.VaultError):
            secrets.unseal(broken, key_uid=KEY, account_uid=ACCOUNT)


@pytest.mark.parametrize(
    "stored",
    ["", "hpke1.", "hpke1.AAAA", "hpke2.AAAA", "fernet.AAAA", WORDS.decode(), "hpke1.é", "hpke1.A"],
)
def test_what_was_never_sealed_does_not_open(stored: str) -> None:
    with pytest.raises(secrets.VaultError) as caught:
        secrets.unseal(stored, key_uid=KEY, account_uid=ACCOUNT)
    assert len(stored) < 10 or stored[6:] not in str(caught.value)


def test_another_keyset_opens_nothing(settings: Any) -> None:
    stored = sealed()
    settings.VAULT_KEYSET = keysets.new_keyset()
    forget_keysets()
    with pytest.raises(secrets.VaultError) as caught:
        secrets.unseal(stored, key_uid=KEY, account_uid=ACCOUNT)
    assert caught.value.__cause__ is None


def test_a_process_with_the_public_half_seals_and_cannot_open(settings: Any) -> None:
    private, settings.VAULT_KEYSET_FILE = settings.VAULT_KEYSET_FILE, ""
    forget_keysets()
    stored = sealed()
    with pytest.raises(ImproperlyConfigured, match="VAULT_KEYSET_FILE"):
        secrets.unseal(stored, key_uid=KEY, account_uid=ACCOUNT)
    with pytest.raises(keysets.BadKeysetError):
        keysets.opener(Path(settings.VAULT_PUBLIC_KEYSET_FILE).read_text())
    settings.VAULT_KEYSET_FILE = private
    assert secrets.unseal(stored, key_uid=KEY, account_uid=ACCOUNT).reveal() == WORDS


def test_a_command_may_give_the_keyset_and_is_run_once_a_process(
    settings: Any, tmp_path: Path, capfd: Any
) -> None:
    private, ran = tmp_path / "a keyset", tmp_path / "ran"
    private.write_text(keysets.new_keyset())
    script = tmp_path / "unwrap"
    script.write_text(f'#!/bin/sh\necho once >> "{ran}"\necho asking >&2\ncat "$1"\n')
    script.chmod(0o700)
    settings.VAULT_KEYSET_FILE = settings.VAULT_PUBLIC_KEYSET_FILE = ""
    settings.VAULT_KEYSET_COMMAND = f"{script} '{private}'"
    forget_keysets()
    secrets.check()
    assert secrets.unseal(sealed(), key_uid=KEY, account_uid=ACCOUNT).reveal() == WORDS
    assert ran.read_text() == "once\n"
    assert capfd.readouterr() == ("", "asking\n")


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("/bin/sh -c 'echo a made-up keyset; exit 3 # echo'", "it ended with 3"),
        ("/no/such/command", "No such file"),
        ("echo 'unmatched", "quotation marks"),
    ],
)
def test_a_command_that_gives_none_is_named_and_its_output_is_not(
    settings: Any, caplog: pytest.LogCaptureFixture, command: str, reason: str
) -> None:
    settings.VAULT_KEYSET_FILE = settings.VAULT_PUBLIC_KEYSET_FILE = ""
    settings.VAULT_KEYSET_COMMAND = command
    forget_keysets()
    with pytest.raises(ImproperlyConfigured, match=reason) as caught:
        secrets.check()
    assert not [text for text in canary.frames_of(caught.value) if "a made-up keyset\n" in text]
    assert "made-up" not in f"{caught.value}{caplog.text}"


def test_what_a_command_prints_that_is_no_keyset_is_not_quoted(settings: Any) -> None:
    settings.VAULT_KEYSET_FILE = settings.VAULT_PUBLIC_KEYSET_FILE = ""
    settings.VAULT_KEYSET_COMMAND = "echo made-up"
    forget_keysets()
    with pytest.raises(ImproperlyConfigured, match="Restore the right ones") as caught:
        secrets.check()
    assert "made-up" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "no keyset", "{}", '{"primaryKeyId": 1}', "[]", "null"])
def test_a_keyset_that_is_none_is_refused_without_being_quoted(text: str) -> None:
    for use in (keysets.opener, keysets.sealer, keysets.public_half):
        with pytest.raises(keysets.BadKeysetError) as caught:
            use(text)
        assert not text or text not in str(caught.value)


def test_a_private_keyset_is_never_taken_for_a_public_one() -> None:
    with pytest.raises(keysets.BadKeysetError):
        keysets.sealer(keysets.new_keyset())


def test_the_public_half_holds_no_private_part() -> None:
    assert "Private" not in keysets.public_half(keysets.new_keyset())


def test_a_secret_shows_itself_nowhere() -> None:
    secret = qredo.Secret(WORDS)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!a:>40}",
        repr([secret]),
    ]
    assert not [text for text in shown if WORDS.decode() in text]
    assert not hasattr(secret, "__dict__")
    for leave in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            leave(secret)


@pytest.mark.parametrize(
    "stored",
    [
        "",
        WORDS.decode(),
        "hpke1.AQ" + "A" * 69,
        "hpke1.AQ" + "A" * 90 + "=",
        " hpke1.AQ" + "A" * 99,
        "hpke1." + base64.urlsafe_b64encode(b"a plain secret " * 5).decode(),
        "hpke1." + "A" * 99,
        "hpke1.Ag" + "A" * 99,
        "hpke1.QQ" + "A" * 99,
    ],
)
def test_the_database_takes_nothing_but_the_sealed_form(custody: Account, stored: str) -> None:
    with pytest.raises(IntegrityError, match="sealed_form"), transaction.atomic():
        ApiKey.objects.filter(account=custody).update(sealed=stored)
    with pytest.raises(IntegrityError, match="sealed_form"), transaction.atomic():
        ApiKey.objects.create(account=custody, key_id="another", sealed=stored)


@pytest.mark.parametrize("key_id", [0, 1, 0x0FFFFFFF, 0x10000000, 0x7F3B55D1, 0xFFFFFFFF])
def test_the_database_takes_what_any_vault_key_seals(custody: Account, key_id: int) -> None:
    """The shortest ciphertext: the prefix with the key's id, a point, one byte and its tag."""
    sealed = b"\1" + key_id.to_bytes(4, "big") + bytes(32 + 1 + 16)
    text = "hpke1." + base64.urlsafe_b64encode(sealed).decode().rstrip("=")
    assert secrets.vault_key_of(text) == key_id
    assert ApiKey.objects.filter(account=custody).update(sealed=text) == 1


def test_two_accounts_with_swapped_keys_fail_and_the_third_is_fine(
    custody: Account, trading: Account, personal: Account, simulator: Simulator, browser_of: Any
) -> None:
    simulator.holds("Custody", BTC=coins(125))
    refreshes.refresh_now([custody])
    one, other = ApiKey.objects.get(account=custody), ApiKey.objects.get(account=trading)
    ApiKey.objects.filter(pk=one.pk).update(sealed=other.sealed)
    ApiKey.objects.filter(pk=other.pk).update(sealed=one.sealed)
    before = simulator.requests_of("Custody") + simulator.requests_of("Trading")
    records = {r.account_id: r for r in refreshes.refresh_now([custody, trading, personal])}
    assert [records[a.pk].outcome for a in (custody, trading, personal)] == [
        "failed",
        "failed",
        "fresh",
    ]
    assert simulator.requests_of("Custody") + simulator.requests_of("Trading") == before
    assert "vault keyset" in Schedule.objects.get(account=custody).last_detail
    text = read(
        browser_of(User.objects.get(email="viewer@example.com")).get(
            reverse("account", args=[custody.uid])
        )
    ).text
    assert "does not open with this installation's vault keyset" in text
    assert "1.25" in text


def test_a_broken_keyset_fails_the_polls_with_a_sentence(
    custody: Account, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.VAULT_KEYSET = "no keyset"
    forget_keysets()
    (record,) = refreshes.refresh_now([custody])
    assert (record.outcome, record.reason) == ("failed", "key_rejected")
    assert "vault keyset" in record.detail
    assert "no keyset" not in caplog.text


def test_keysets_that_belong_together_pass_the_check_at_start() -> None:
    secrets.check(opens=False)


@pytest.mark.parametrize("name", ["VAULT_KEYSET", "VAULT_PUBLIC_KEYSET"])
@pytest.mark.parametrize("text", ["{}", "not json", "of another"])
def test_no_process_starts_with_keysets_of_no_use(settings: Any, name: str, text: str) -> None:
    other = keysets.new_keyset()
    if name == "VAULT_PUBLIC_KEYSET":
        other = keysets.public_half(other)
    setattr(settings, name, other if text == "of another" else text)
    forget_keysets()
    with pytest.raises(ImproperlyConfigured, match="Restore the right ones"):
        secrets.check(opens=False)
