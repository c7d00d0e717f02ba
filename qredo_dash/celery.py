"""The Celery application. Its settings are those of Django that begin with `CELERY_`."""

import logging.config
import os
import sys

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_init, worker_ready
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qredo_dash.settings")

app = Celery("qredo_dash")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _log_as_everywhere(loglevel: int | str = logging.WARNING, **_: object) -> None:
    """Log as the settings say, from the command's level on; Celery would add its own handlers.

    Loggers that have a level of their own keep it: some would write keys at DEBUG.
    """
    logging.config.dictConfig(settings.LOGGING)
    logging.getLogger().setLevel(loglevel)


@worker_init.connect
def _check_vault(**_: object) -> None:
    """Refuse to start a worker that could open no stored key, or that could change history."""
    # Apps are there only now.
    from accounts.signing import check_vault  # noqa: PLC0415
    from qredo_dash.start_checks import check_role  # noqa: PLC0415

    try:
        check_vault(opens=True)
        check_role()
    except ImproperlyConfigured as error:
        # Celery logs what a signal's handler raises and goes on, unless it is an exit.
        sys.exit(str(error))
    connections.close_all()  # the pool's children must not share what is open here


@worker_ready.connect
def _watch_worker(**_: object) -> None:
    _watch_oneself("a worker")


@beat_init.connect
def _watch_beat(**_: object) -> None:
    from qredo_dash.start_checks import check_role  # noqa: PLC0415 - apps are there only now

    try:
        check_role()
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    _watch_oneself("beat")


def _watch_oneself(process: str) -> None:
    """End, to be started again, if slots fall due and nobody polls; name a clock that is off."""
    # Settings are there only now.
    from qredo_dash.clock_watch import watch_clock  # noqa: PLC0415
    from qredo_dash.watching import watch_oneself  # noqa: PLC0415

    watch_oneself()
    watch_clock(process)
