"""From an account to a client that signs for it: the one place where a stored key is opened."""

import ipaddress
import logging
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, ProgrammingError

import qredo
from accounts.models import ApiKey, Environment
from accounts.shared import database_clock
from accounts.shared.database_clock import Clock
from accounts.vault import rotation, secrets
from accounts.vault.secrets import VaultError

__all__ = [
    "Clock",
    "NotLoopback",
    "VaultError",
    "check_vault",
    "client",
    "client_for",
    "environment_url",
    "transport_apart",
]


log = logging.getLogger(__name__)


class NotLoopback(ImproperlyConfigured):
    """A demo account was about to leave this machine."""


def client_for(
    key: ApiKey, *, clock_ns: Clock | None = None, transport: qredo.Transport | None = None
) -> qredo.Client:
    """Return a client that signs with a stored key. Raise `VaultError` if it does not open.

    `key.account` should be loaded along with the key. `clock_ns` and `transport` as for `client`.
    """
    account = key.account
    secret = secrets.unseal(key.sealed, key_uid=key.uid, account_uid=account.uid)
    base_url = environment_url(Environment(account.environment), is_demo=account.is_demo)
    return client(
        base_url=base_url,
        key_id=key.key_id,
        secret=secret,
        clock_ns=clock_ns,
        transport=transport,
    )


def client(
    *,
    base_url: str,
    key_id: str,
    secret: qredo.Secret,
    clock_ns: Clock | None = None,
    transport: qredo.Transport | None = None,
) -> qredo.Client:
    """Return a client for a key that is not stored yet.

    It signs by the database's clock, which is asked for it here unless `clock_ns` gives it: this
    machine's own may be wrong. `transport` stands for the one that the process's clients share.
    """
    return qredo.Client(
        base_url=base_url,
        key_id=key_id,
        secret=secret,
        transport=transport or _transport(),
        unit=qredo.TimestampUnit(settings.QREDO_TIMESTAMP_UNIT),
        clock_ns=clock_ns or database_clock.read().now_ns,
        clock_name=database_clock.NAME,
    )


def environment_url(environment: Environment, *, is_demo: bool) -> str:
    """Return where an account's calls go; demo accounts only ever reach loopback."""
    if not is_demo:
        given: str = settings.QREDO_GIVEN_URLS[environment]
        return given or str(settings.QREDO_DEFAULT_URLS[environment])
    url = settings.QREDO_SIMULATOR_URLS[environment] or "http://127.0.0.1:9/qapi/v1"
    if not _is_loopback(url):
        raise NotLoopback("Demo accounts only ever poll this machine.")
    return str(url)


def new_accounts_are_demo(environment: Environment) -> bool:
    """Whether what is enrolled now is a demo account: in the demo, until an address is given."""
    return bool(settings.DEMO and not settings.QREDO_GIVEN_URLS[environment])


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_vault(*, opens: bool = False) -> None:
    """Raise `ImproperlyConfigured` unless keys can be sealed and something stored can be opened.

    Whoever `opens` keys needs the private keyset. While the database is away, or has no tables yet,
    there is nothing to compare the keyset with: that is no reason not to start.
    """
    secrets.check(opens=opens)
    if settings.VAULT_KEYSET:
        log.warning(
            "VAULT_KEYSET stands in the environment, where every child process can read it:"
            " give VAULT_KEYSET_FILE or VAULT_KEYSET_COMMAND instead"
        )
    try:
        rotation.check_stored()
    except ProgrammingError:
        return  # there are no tables yet
    except DatabaseError as error:
        log.warning("stored keys were not compared with the vault: %s", type(error).__name__)


def transport_apart(seconds: float | None = None) -> qredo.Transport:
    """Return a transport of its own, which shares nothing with any other account's requests.

    Its requests last so many `seconds` at most, or as long as any other.
    """
    usual: float = settings.POLL_HTTP_DEADLINE_SECONDS
    return _new_transport(usual if seconds is None else min(seconds, usual))


@cache
def _transport() -> qredo.Transport:
    return _new_transport(settings.POLL_HTTP_DEADLINE_SECONDS)


def _new_transport(deadline: float) -> qredo.Transport:
    try:
        return _transport_within(deadline)
    except OSError as error:
        raise ImproperlyConfigured(
            f"QREDO_CA_FILE names {settings.QREDO_CA_FILE or 'no file'}, which cannot be read as"
            f" certificates: {error.strerror or type(error).__name__}. No account can be polled."
        ) from None


def _transport_within(deadline: float) -> qredo.Transport:
    return qredo.Transport(
        deadline=deadline,
        connect_timeout=min(5.0, deadline),
        read_timeout=min(10.0, deadline),
        ca_file=settings.QREDO_CA_FILE or None,
        proxy=settings.QREDO_PROXY or None,
    )
