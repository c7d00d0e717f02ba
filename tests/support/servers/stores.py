"""Starts the embedded stores for the tests, in a folder of their own, before Django reads settings.

With `DATABASE_URL`, `DATABASE_OWNER_URL` and `REDIS_URL` set, the tests run against those servers
instead. The owner makes the test database; the tests run as the application: see `roles`.
Each process that runs tests (`pytest -n 2`) has stores of its own: nothing is shared, the cache
and the broker neither. The process that only hands tests out has none.
"""

import os
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

_PROJECT = Path(__file__).resolve().parents[3]
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
_HANDS_OUT = not _WORKER and any(word.startswith("-n") for word in sys.argv[1:])
#: Two runs at once need a folder each.
_FOLDER = Path(os.environ.get("TEST_DATA_DIR") or _PROJECT / ".cache" / f"tests{_WORKER}")

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qredo_dash.settings")
os.environ["DATA_DIR"] = str(_FOLDER)
# Never the machine's own: a test must not reach a real Qredo.
for _name in ("QREDO_PRODUCTION_URL", "QREDO_SANDBOX_URL"):
    os.environ[_name] = "http://127.0.0.1:9/qapi/v1"
for _name in ("CACHE_URL", "EMAIL_HOST", "OIDC_SERVER_URL", "TRUSTED_PROXIES"):
    os.environ.pop(_name, None)
os.environ["DEMO"] = "0"
os.environ["QREDO_DASH_PROCESS"] = "owner"

from qredo_dash import home  # noqa: E402 - the environment comes first

_stores = nullcontext() if _HANDS_OUT else home.stores()
_stores.__enter__()


def pytest_unconfigure(config: pytest.Config) -> None:  # noqa: ARG001
    _stores.__exit__(None, None, None)
