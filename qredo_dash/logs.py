"""Logging to standard error, one line an event. Nothing that is logged carries a secret."""

from typing import Any

#: Who logs addresses of requests.
_TELLING = ("django.request", "django.security.csrf", "qredo_dash.refusals")


CONFIGURATION: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {
        "without_links": {"()": "qredo_dash.log_filters.WithoutLinks"},
        "refused": {"()": "qredo_dash.log_filters.Refused"},
        "repeated": {"()": "qredo_dash.log_filters.Repeated"},
        "not_the_database": {"()": "qredo_dash.http.outages.NotTheDatabase"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["without_links", "refused", "repeated"],
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        **{name: {"filters": ["without_links"]} for name in _TELLING},
        "accounts": {"level": "INFO"},
        "balances": {"level": "INFO"},
        "qredo_dash": {"level": "INFO"},
        # urllib3 and redis write addresses and commands at DEBUG, so that level stays shut.
        "urllib3": {"level": "WARNING"},
        "redis": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        # Each attempt to connect is one of its lines; `outages` says it once.
        "psycopg.pool": {"level": "ERROR"},
        "django.request": {"filters": ["not_the_database"]},
    },
}
