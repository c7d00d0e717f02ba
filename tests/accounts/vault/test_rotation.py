"""Rotating the vault: while polls go on none fails, and no vault key that is needed is retired."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, ProgrammingError, connection

import manage
import qredo
from accounts import signing
from accounts.models import Account, ApiKey
from accounts.vault import keyring, keysets, rotation, secrets
from accounts.vault.keyset_files import files_in
from balances.polling import refreshes
from tests.conftest import Cast, Simulator
from tests.support import props

ROTATIONS = 20


def told(command: str, *arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """The keyset of this installation, in files of its own that may change."""
    told("new_vault_key", str(tmp_path))
    settings.VAULT_KEYSET_FILE = str(tmp_path / "vault_keyset")
    settings.VAULT_PUBLIC_KEYSET_FILE = str(tmp_path / "vault_public_keyset")
    settings.SERVER_INSTALLATION = True  # whose keyset lies in a folder of its own
    keyring._held.opener = None
    yield tmp_path
    keyring._held.opener = None


@pytest.fixture
def step(folder: Path) -> Callable[..., dict[str, Any]]:
    return lambda *options: told("new_vault_key", str(folder), *options)


def refusal(act: Callable[..., object], *options: str) -> str:
    with pytest.raises(CommandError) as caught:
        act(*options)
    assert caught.value.returncode == 1
    return str(caught.value)


def opens(account: Account) -> bool:
    key = ApiKey.objects.select_related("account").get(account=account)
    return isinstance(signing.client_for(key), qredo.Client)


def test_a_rotation_step_by_step(step: Any, custody: Account, trading: Account) -> None:
    first = step("--add")["primary"]
    newest = step("--promote")
    assert newest["primary"] != first
    assert newest["vault_keys"] == [first, newest["primary"]]
    done = told("rotate_vault", "--json")
    assert done == {
        "resealed": 2,
        "unreadable": [],
        "primary": newest["primary"],
        "sealed_with": {str(first): 0, str(newest["primary"]): 2},
        "retirable": [first],
    }
    assert step("--retire", str(first))["vault_keys"] == [newest["primary"]]
    keyring._held.opener = None
    assert opens(custody)
    assert opens(trading)
    assert told("rotate_vault", "--json")["resealed"] == 0


def test_a_new_key_opens_but_does_not_seal_until_it_is_promoted(
    step: Any, cast: Cast, simulator: Simulator, custody: Account
) -> None:
    before = step("--add")
    added = next(key for key in before["vault_keys"] if key != before["primary"])
    later = props.enrolled(simulator.key("Trading"), "Trading", cast.fund)
    assert rotation.counts() == {before["primary"]: 2}
    step("--promote", str(added))
    props.enrolled(simulator.key("Spare organization"), "Spare", cast.fund)
    # No process was started anew: the files say what seals, and what opens.
    assert rotation.counts() == {before["primary"]: 2, added: 1}
    assert opens(custody)
    assert opens(later)


def test_a_key_that_is_needed_is_not_retired(step: Any, custody: Account) -> None:
    first = step("--add")["primary"]
    assert "Promote another first" in refusal(step, "--retire", str(first))
    step("--promote")
    assert "1 stored API keys are still sealed" in refusal(step, "--retire", str(first))
    assert opens(custody)
    told("rotate_vault", "--json")
    step("--retire", str(first))


def test_the_keyset_of_another_database_retires_nothing(
    step: Any, custody: Account, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    first = told("new_vault_key", str(elsewhere))["primary"]
    told("new_vault_key", str(elsewhere), "--add")
    told("new_vault_key", str(elsewhere), "--promote")
    said = refusal(lambda: told("new_vault_key", str(elsewhere), "--retire", str(first)))
    assert "not the keyset of this database" in said
    assert first in keysets.key_ids(files_in(elsewhere).read())
    assert step("--add")
    assert opens(custody)


@pytest.mark.usefixtures("cast")
def test_a_database_without_keys_of_this_keyset_retires_nothing(step: Any) -> None:
    """The store that a command started by itself is empty: it knows of no key that is needed."""
    first = step("--add")["primary"]
    step("--promote")
    assert "Is it the right database?" in refusal(step, "--retire", str(first))
    assert len(step("--add")["vault_keys"]) == 3


def test_without_the_databases_address_a_servers_key_is_not_retired(
    step: Any, folder: Path, custody: Account, settings: Any
) -> None:
    first = step("--add")["primary"]
    step("--promote")
    told("rotate_vault", "--json")
    settings.SERVER_INSTALLATION = False
    with pytest.raises(CommandError, match="Set DATABASE_URL_FILE") as caught:
        step("--retire", str(first))
    assert caught.value.returncode == 2
    assert first in keysets.key_ids(files_in(folder).read())
    assert opens(custody)


@pytest.mark.parametrize(
    ("words", "is_asked"),
    [
        (["--retire", "7"], True),
        (["--retire=7"], True),
        (["--retire", "7", "--traceback"], True),
        (["folder", "--retire", "7"], False),
        (["--retire", "7", "folder"], False),
        (["--add"], False),
    ],
)
def test_stores_start_only_for_a_key_of_their_own_keyset(
    words: list[str],
    is_asked: bool,  # noqa: FBT001 - the expected answer
) -> None:
    assert manage.retires_own_key(["manage.py", "new_vault_key", *words]) is is_asked


def test_some_keys_that_do_not_open_cost_their_accounts_alone(
    step: Any, custody: Account, trading: Account, caplog: pytest.LogCaptureFixture
) -> None:
    """A web process that was not started anew sealed one with a key that was retired since."""
    stray = keysets.new_keyset()
    lost = keysets.sealer(keysets.public_half(stray)).encrypt(b"x", b"y")
    text = "hpke1." + base64.urlsafe_b64encode(lost).decode().rstrip("=")
    told("rotate_vault", "--json")
    ApiKey.objects.filter(account=trading).update(sealed=text)
    signing.check_vault(opens=True)
    (line,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "1 of 2 stored API keys were sealed with vault key" in line.getMessage()
    assert opens(custody)
    assert step("--add")


def test_a_keyset_is_never_overwritten_and_an_unknown_key_is_named(step: Any, folder: Path) -> None:
    before = [path.read_bytes() for path in sorted(folder.iterdir())]
    assert "never overwritten" in refusal(step)
    for option in ("--promote", "--retire"):
        assert "has no vault key 7." in refusal(step, option, "7")
    assert [path.read_bytes() for path in sorted(folder.iterdir())] == before


def test_the_files_keep_their_modes_and_leave_no_draft(step: Any, folder: Path) -> None:
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    (folder / "vault_public_keyset").chmod(0o644)
    step("--add")
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes == {"vault_keyset": 0o600, "vault_public_keyset": 0o644}


def test_no_step_prints_a_keyset(step: Any, folder: Path, capfd: Any) -> None:
    said = json.dumps([step("--add"), step("--promote")])
    keyset = json.loads((folder / "vault_keyset").read_text())
    shown = capfd.readouterr()
    for key in keyset["key"]:
        assert key["keyData"]["value"] not in said + shown.out + shown.err


def test_adding_at_once_loses_no_key(step: Any, folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: step("--add"), range(16)))
    assert len(set(keysets.key_ids((folder / "vault_keyset").read_text()))) == 17


def test_whoever_replaces_a_text_meanwhile_wins(
    step: Any, custody: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    step("--add")
    step("--promote")
    key = ApiKey.objects.select_related("account").get(account=custody)
    reseal, newer = secrets.resealed, []

    def overtaken(stored: str, **row: Any) -> str:
        newer.append(secrets.seal(qredo.Secret(b"a newer secret, of 32 bytes long"), **row))
        ApiKey.objects.filter(pk=key.pk).update(sealed=newer[0])
        return reseal(stored, **row)

    monkeypatch.setattr(secrets, "resealed", overtaken)
    assert rotation.rotate().resealed == 0
    assert ApiKey.objects.get(pk=key.pk).sealed == newer[0]


def test_what_does_not_open_stays_as_it_is_and_is_named(
    step: Any, custody: Account, trading: Account
) -> None:
    swapped = ApiKey.objects.get(account=trading).sealed
    ApiKey.objects.filter(account=custody).update(sealed=swapped)
    step("--add")
    step("--promote")
    out = StringIO()
    with pytest.raises(CommandError, match=str(custody.uid)) as caught:
        call_command("rotate_vault", "--json", stdout=out)
    assert str(trading.uid) not in str(caught.value)
    assert json.loads(out.getvalue())["unreadable"] == [str(custody.uid)]
    assert ApiKey.objects.get(account=custody).sealed == swapped
    assert opens(trading)


def test_a_rotation_that_was_broken_off_goes_on(
    step: Any, custody: Account, trading: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    step("--add")
    newest = step("--promote")["primary"]
    monkeypatch.setattr(rotation, "BATCH", 1)
    with monkeypatch.context() as patch:
        patch.setattr(rotation, "_in_batches", broken_off)
        with pytest.raises(KeyboardInterrupt):
            rotation.rotate()
    assert rotation.counts()[newest] == 1
    assert told("rotate_vault", "--json")["sealed_with"][str(newest)] == 2
    assert opens(custody)
    assert opens(trading)


def broken_off() -> Iterator[ApiKey]:
    yield ApiKey.objects.select_related("account").order_by("pk")[0]
    raise KeyboardInterrupt


def test_the_lines_for_people_say_what_may_be_retired(step: Any, custody: Account) -> None:
    first = step("--add")["primary"]
    step("--promote")
    out = StringIO()
    call_command("rotate_vault", stdout=out)
    assert "Sealed anew: 1" in out.getvalue()
    assert f"manage.py new_vault_key FOLDER --retire {first}" in out.getvalue()
    assert opens(custody)


@pytest.mark.django_db(transaction=True, available_apps=list(project.INSTALLED_APPS))
def test_polls_go_on_through_twenty_rotations(
    step: Any, custody: Account, trading: Account, personal: Account, simulator: Simulator
) -> None:
    accounts = [custody, trading, personal]
    ended, records = threading.Event(), list[Any]()
    before = [key.sealed for key in ApiKey.objects.order_by("pk")]

    def poll() -> None:
        try:
            while not ended.is_set():
                records.extend(refreshes.refresh_now(accounts))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        polling = pool.submit(poll)
        try:
            for _ in range(ROTATIONS):
                rotated(step)
        finally:
            ended.set()
        polling.result()
    assert len(records) >= 3
    assert {record.outcome for record in records} == {"fresh"}
    assert not {key.sealed for key in ApiKey.objects.all()} & set(before)
    assert simulator.requests_of("Custody") >= 1


def rotated(step: Any) -> None:
    old = step("--add")["primary"]
    step("--promote")
    assert told("rotate_vault", "--json")["sealed_with"][str(old)] == 0
    step("--retire", str(old))


def test_a_lost_keyset_is_explained_at_start_and_changes_nothing(
    step: Any, folder: Path, custody: Account
) -> None:
    first = step("--add")["primary"]
    signing.check_vault()
    before = ApiKey.objects.get(account=custody).sealed
    other = keysets.new_keyset()
    files_in(folder).replace(other)
    keyring._held.opener = None
    with pytest.raises(ImproperlyConfigured) as caught:
        signing.check_vault()
    said = str(caught.value)
    assert f"1 of 1 stored API keys were sealed with vault key {first}" in said
    assert str(keysets.primary_id(other)) in said
    assert "nothing was changed" in said
    assert ApiKey.objects.get(account=custody).sealed == before


def test_a_web_process_notices_it_with_the_public_half_alone(
    step: Any, folder: Path, custody: Account, settings: Any
) -> None:
    settings.VAULT_KEYSET_FILE = ""
    signing.check_vault()
    assert opens_nothing(custody)
    (folder / "vault_public_keyset").write_text(keysets.public_half(keysets.new_keyset()))
    with pytest.raises(ImproperlyConfigured, match="does not fit this database"):
        signing.check_vault()
    assert step


def opens_nothing(account: Account) -> bool:
    with pytest.raises(ImproperlyConfigured, match="VAULT_KEYSET_FILE"):
        opens(account)
    return True


@pytest.mark.django_db
def test_a_keyset_in_a_plain_variable_works_with_a_warning(
    step: Any, folder: Path, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert step("--add")
    signing.check_vault()
    assert not caplog.records
    settings.VAULT_KEYSET = (folder / "vault_keyset").read_text()
    signing.check_vault()
    (warning,) = caplog.messages
    assert "VAULT_KEYSET stands in the environment" in warning
    assert settings.VAULT_KEYSET not in warning


def test_before_the_first_migration_there_is_nothing_to_compare(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing() -> None:
        raise ProgrammingError("relation does not exist")

    monkeypatch.setattr(rotation, "counts", missing)
    signing.check_vault()
    assert not caplog.records


def test_without_a_database_a_process_starts_all_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away() -> None:
        raise DatabaseError("postgresql://dash:password@db")

    monkeypatch.setattr(rotation, "counts", away)
    signing.check_vault()
    assert "were not compared" in caplog.text
    assert "password" not in caplog.text


def test_a_new_key_in_the_file_is_found_without_a_new_process(step: Any, custody: Account) -> None:
    assert opens(custody)
    step("--add")
    step("--promote")
    rotation.rotate()
    assert opens(custody)


def test_a_broken_file_leaves_what_is_held_at_work(
    step: Any, folder: Path, custody: Account, trading: Account
) -> None:
    assert opens(custody)
    step("--add")
    (folder / "vault_keyset").write_text("{")
    assert opens(trading)
