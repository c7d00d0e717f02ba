"""Starts the embedded stores for the tests, in a folder of their own, before Django reads settings.

With `DATABASE_URL`, `DATABASE_OWNER_URL` and `REDIS_URL` set, the tests run against those servers
instead. The owner makes the test database; the tests run as the application: see `roles`.
"""

import os
from pathlib import Path

import pytest

_PROJECT = Path(__file__).resolve().parent.parent
#: Two runs at once need a folder each.
_FOLDER = Path(os.environ.get("TEST_DATA_DIR") or _PROJECT / ".cache" / "tests")

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

_stores = home.stores()
_stores.__enter__()


def pytest_unconfigure(config: pytest.Config) -> None:  # noqa: ARG001
    _stores.__exit__(None, None, None)
