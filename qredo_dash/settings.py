"""Settings, all from the environment. Importing them starts nothing and writes nothing.

Without `DATABASE_URL` this is an embedded installation: stores and secrets live in `DATA_DIR`.
With it, a server installation: nothing embedded runs and every secret has to be given.
"""

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from kombu import Queue

import embedded
from qredo_dash import caches, database, env, home, logs
from qredo_dash.http import static_headers
from qredo_dash.identity import *  # noqa: F403 - each of its names is a setting

BASE_DIR = home.PROJECT
DATA_DIR = home.data_dir()
SERVER_INSTALLATION = home.is_server_installation()

DEBUG = env.flag("DEBUG", default=False)
DEMO = env.flag("DEMO", default=False)


def _own_secret(name: str) -> str:
    """Return what an embedded installation made for itself at its first start."""
    path = DATA_DIR / name
    if SERVER_INSTALLATION or not path.exists():
        return ""
    return path.read_text(encoding="utf-8").strip()


def _stores() -> tuple[str, str, str]:
    """Return the addresses of the database, of the broker and of the cache."""
    if SERVER_INSTALLATION:
        password = env.secret("REDIS_PASSWORD")
        redis = caches.with_password(env.secret("REDIS_URL"), password)
        if not redis:
            raise ImproperlyConfigured(
                "Set REDIS_URL: a server installation brings its own Valkey."
            )
        cache = env.secret("CACHE_URL") or caches.beside(redis)
        if caches.is_of(cache, redis):
            cache = caches.with_password(cache, password)
        return env.secret("DATABASE_URL"), redis, cache
    if env.flag("QREDO_DASH_SERVER", default=False) or env.secret("REDIS_URL"):
        raise ImproperlyConfigured(
            "Set DATABASE_URL_FILE: QREDO_DASH_SERVER or REDIS_URL says that this is a server."
        )
    addresses = embedded.locate(DATA_DIR)
    valkey = addresses.valkey
    return addresses.postgres.url, valkey.url(0), valkey.client_url(caches.DATABASE)


DATABASE_URL, BROKER_URL, CACHE_URL = _stores()
SECRET_KEY = env.secret("SECRET_KEY") or _own_secret("secret_key")
if SERVER_INSTALLATION and not SECRET_KEY and not database.is_beat():
    raise ImproperlyConfigured("Set SECRET_KEY_FILE: a server installation brings its own secrets.")
#: Earlier ones, newest first, after a change: what they signed or sealed can still be read.
SECRET_KEY_FALLBACKS = env.secret("SECRET_KEY_FALLBACKS").split()

# Where the vault's keysets come from. They are read by whoever seals or opens, when they do.
VAULT_KEYSET_COMMAND = env.text("VAULT_KEYSET_COMMAND")
VAULT_KEYSET, VAULT_KEYSET_FILE = ("", "") if VAULT_KEYSET_COMMAND else env.source("VAULT_KEYSET")
VAULT_PUBLIC_KEYSET, VAULT_PUBLIC_KEYSET_FILE = env.source("VAULT_PUBLIC_KEYSET")
_private = VAULT_KEYSET_COMMAND or VAULT_KEYSET or VAULT_KEYSET_FILE
if not (_private or VAULT_PUBLIC_KEYSET or VAULT_PUBLIC_KEYSET_FILE):
    if SERVER_INSTALLATION:
        raise ImproperlyConfigured(
            "Set VAULT_KEYSET_FILE (worker, commands) or VAULT_PUBLIC_KEYSET_FILE (web)."
        )
    VAULT_KEYSET_FILE = str(DATA_DIR / "vault.json")
    VAULT_PUBLIC_KEYSET_FILE = str(DATA_DIR / "vault-public.json")
if database.is_web() and (VAULT_PUBLIC_KEYSET or VAULT_PUBLIC_KEYSET_FILE):
    # The web process seals; it has no use for what opens, wherever that may be found.
    VAULT_KEYSET = VAULT_KEYSET_FILE = VAULT_KEYSET_COMMAND = ""

ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
CSRF_FAILURE_VIEW = "qredo_dash.errors.csrf_refused"
#: How many proxies in front of the web process add to `X-Forwarded-For`; none: it is not read.
TRUSTED_PROXIES = env.whole("TRUSTED_PROXIES", 0, least=0, most=10)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "django_htmx",
    "csp",
    "qredo_dash",
    "accounts",
    "balances",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "qredo_dash.middleware.WhereFrom",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Inside WhiteNoise, whose files are compressed already. SECURITY.md says why pages may be.
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "qredo_dash.middleware.PrivateAnswers",
    "qredo_dash.http.outages.Outages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "qredo_dash.session_limits.SessionLimits",
    "qredo_dash.refusals.Refusals",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "qredo_dash.middleware.WholePageSignIn",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "qredo_dash.middleware.ReaderZone",
    "qredo_dash.middleware.ReaderNumbers",
    "qredo_dash.interruptions.Interruptions",
]

ROOT_URLCONF = "qredo_dash.urls"
WSGI_APPLICATION = "qredo_dash.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "qredo_dash.context.installation",
                "qredo_dash.context.reader",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader"],
                )
            ],
        },
    }
]

#: The role that is granted what the application needs; it owns nothing.
APPLICATION_ROLE = database.role_of(DATABASE_URL)


def _connected() -> dict[str, Any]:
    """Return how this process connects: whoever changes the schema as owner, all others not."""
    owner = _owner_url() if database.is_owner() else ""
    if not owner:
        return database.settings_for(DATABASE_URL)
    if not APPLICATION_ROLE:
        raise ImproperlyConfigured("DATABASE_URL has to name its role beside DATABASE_OWNER_URL.")
    return database.settings_for(owner, "DATABASE_OWNER_URL")


def _owner_url() -> str:
    if SERVER_INSTALLATION:
        return env.secret("DATABASE_OWNER_URL")
    return embedded.locate(DATA_DIR).owner.url


DATABASES = {"default": _connected()}
CACHES = {"default": caches.settings_for(CACHE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# A server is only ever reached over https, whatever its proxy tells of that; a year is what
# browsers are told, of this host alone: others of its domain are not ours.
SECURE_HSTS_SECONDS = env.whole("HSTS_SECONDS", 31_536_000, least=0, most=63_072_000)
if not SERVER_INSTALLATION:
    SECURE_HSTS_SECONDS = 0
# For the same reason no other host is included (W005) or preloaded (W021). Redirecting from http is
# the proxy's, without which nobody gets here (W008).
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]
X_FRAME_OPTIONS = "DENY"
# A megabyte pasted into a field is refused at that field; what is larger is not even read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
# No form takes a file: what a client sends as one is dropped, never written anywhere.
FILE_UPLOAD_HANDLERS: list[str] = []
DEFAULT_EXCEPTION_REPORTER_FILTER = "qredo_dash.reports.NothingTyped"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
LANGUAGE_CODE = "en-gb"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Ours alone: no page uses what packages bring along.
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_ADD_HEADERS_FUNCTION = static_headers.add_headers
STATIC_ROOT = BASE_DIR / ".cache" / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "qredo_dash.static_files.StaticFiles"},
}

LOGGING = logs.CONFIGURATION

# Qredo. In the demo, while no address is given, the simulator stands for both environments.
# Commands beside a running demo find its simulator by themselves.
QREDO_SIMULATOR_URLS = {
    "production": env.text("QREDO_SIMULATOR_PRODUCTION_URL", home.simulator("/qapi/v1")),
    "sandbox": env.text("QREDO_SIMULATOR_SANDBOX_URL", home.simulator("/sandbox/qapi/v1")),
}
QREDO_GIVEN_URLS = {
    "production": env.text("QREDO_PRODUCTION_URL"),
    "sandbox": env.text("QREDO_SANDBOX_URL"),
}
QREDO_DEFAULT_URLS = {
    "production": "https://api.qredo.network/qapi/v1",
    "sandbox": "https://sandbox-api.qredo.network/qapi/v1",
}
QREDO_TIMESTAMP_UNIT = env.text("QREDO_TIMESTAMP_UNIT", "seconds")
QREDO_CA_FILE = env.text("QREDO_CA_FILE")
QREDO_PROXY = env.secret("QREDO_PROXY")

# Polling. Every limit derives from the interval; the order of the limits is what keeps a slot
# from being worked off twice: HTTP deadline < soft < hard < claim < interval.
POLL_INTERVAL_SECONDS = env.whole("POLL_INTERVAL_SECONDS", 300, least=15, most=86_400)
POLL_CONCURRENCY = env.whole("POLL_CONCURRENCY", 16, least=1, most=64)
POLL_CHUNK = 100
#: For each environment of Qredo, across all workers.
QREDO_RATE_PER_SECOND = env.whole("QREDO_RATE_PER_SECOND", 50, least=1, most=10_000)
QREDO_CONCURRENCY = env.whole("QREDO_CONCURRENCY", 32, least=1, most=10_000)
#: The most accounts that one tick claims; what is left is claimed by the next one.
POLL_CLAIM_LIMIT = 2_000
POLL_HTTP_DEADLINE_SECONDS = min(15.0, POLL_INTERVAL_SECONDS * 0.4)
POLL_CHUNK_DEADLINE_SECONDS = min(20.0, POLL_INTERVAL_SECONDS * 0.5)
POLL_TICK_SECONDS = min(5.0, POLL_INTERVAL_SECONDS / 5)

#: Of so many answers an account that were not understood the first 64 KB are kept.
REJECTED_BYTES_KEPT = env.whole("REJECTED_BYTES_KEPT", 20, least=0, most=1_000)
#: After so many days the page of an account asks whoever administers it for a new key.
KEY_REMINDER_DAYS = env.whole("KEY_REMINDER_DAYS", 180, least=1, most=36_500)

#: Where the heads of all chains are exported to, a file a day. On a server this should be a place
#: that the database's administrators cannot write to: only then do they prove anything.
ANCHOR_DIR = Path(env.text("ANCHOR_DIR") or DATA_DIR / "anchors")

#: What headline and chart show until the reader chooses; the first that is held.
HEADLINE_ASSETS = env.words("HEADLINE_ASSETS", "BTC,ETH,USDC,USDT")

#: Endings (or, with a `*`, patterns) of asset names that stand for worthless test money.
TESTNET_ASSETS = env.words(
    "TESTNET_ASSETS",
    "*-TESTNET,*-GOERLI,*-ROPSTEN,*-SEPOLIA,*-RINKEBY,*-KOVAN,*-HOLESKY,QCOIN-*",
)

CELERY_BROKER_URL = BROKER_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # After so long a message that a worker took and never finished is given to another one, by the
    # clocks of both. Nothing waits for it: the next tick reaps its claims and sends refreshes anew.
    "visibility_timeout": 86_400,
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 15,
    "retry_on_timeout": True,
}
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 25
CELERY_TASK_TIME_LIMIT = 35
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
#: Ticks have a queue of their own, which beat keeps short. No message carries a time: machines'
#: clocks differ, and what came too late is known by its claim.
TICK_QUEUE = "ticks"
CELERY_TASK_QUEUES = [Queue("celery"), Queue(TICK_QUEUE)]
CELERY_BEAT_SCHEDULER = "qredo_dash.beat:Beat"
CELERY_BEAT_SCHEDULE = {
    "tick": {
        "task": "balances.tick",
        "schedule": POLL_TICK_SECONDS,
        "options": {"queue": TICK_QUEUE},
    },
    # At the start, since the setting may have changed, and for accounts that were under way then.
    "interval": {
        "task": "balances.follow_interval",
        "schedule": 30,
        "args": [POLL_INTERVAL_SECONDS],
        "options": {"queue": TICK_QUEUE},
    },
    "months": {"task": "balances.make_months", "schedule": 6 * 60 * 60},
    # Tried every hour: the first time in a day writes that day's file, wherever beat was before.
    "heads": {"task": "balances.export_heads", "schedule": 60 * 60},
    "sessions": {"task": "accounts.forget_sessions", "schedule": 6 * 60 * 60},
}
