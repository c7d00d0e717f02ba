"""The web process's entry."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qredo_dash.settings")

application = get_wsgi_application()

# Only now are settings and apps there. A web process that could not seal a key does not start.
from django.db import connections  # noqa: E402

from accounts.signing import check_vault  # noqa: E402
from qredo_dash import heap  # noqa: E402
from qredo_dash.clock_watch import watch_clock  # noqa: E402

check_vault()
connections.close_all()  # this thread answers nobody
heap.settle()
watch_clock("a web process")
