"""Settings of the web process under test: the tests' database, static files of its own."""

import os
from pathlib import Path

from qredo_dash.settings import *  # noqa: F403 - everything but what follows
from qredo_dash.settings import DATABASES

DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
STATIC_ROOT = Path(os.environ["TEST_STATIC_ROOT"])
