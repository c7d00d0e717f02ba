"""Settings of how people prove who they are, all from the environment; a part of `settings`."""

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from qredo_dash import env, home

_HTTPS = home.is_server_installation()

AUTHENTICATION_BACKENDS = ["accounts.authentication.adapters.PasswordBackend"]
# The first one hashes; what was hashed by the second one is hashed anew at its next use.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.passwords.common_words.ForbiddenWords"},
    {"NAME": "accounts.passwords.strength.EasilyGuessed"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "overview"
LOGOUT_REDIRECT_URL = "sign-in"

# A browser keeps a name with `__Host-` only if it came over https, from this host, for all of it.
_HOST = "__Host-" if _HTTPS else ""
SESSION_ENGINE = "accounts.access.session_store"
SESSION_COOKIE_NAME = f"{_HOST}session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
#: A session ends after so long in which nobody did anything; what a page polls for is nothing.
SESSION_IDLE_SECONDS = env.whole("SESSION_IDLE_SECONDS", 2 * 60 * 60, least=300, most=43_200)
CSRF_COOKIE_NAME = f"{_HOST}csrftoken"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS

#: How many proxies in front of the web process are ours. Only what they wrote into
#: `X-Forwarded-For` is believed; the rest of it anybody can write.
ALLAUTH_TRUSTED_PROXY_COUNT = env.whole("TRUSTED_PROXIES", 0, least=0, most=10)

ACCOUNT_ADAPTER = "accounts.authentication.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# Whoever made the person or the invitation vouches for the address.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if _HTTPS else "http"
#: For how long somebody who has just proved who they are need not do so again.
ACCOUNT_REAUTHENTICATION_TIMEOUT = env.whole(
    "CONFIRMATION_SECONDS", 10 * 60, least=60, most=12 * 60 * 60
)
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105 - a class
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Qredo Dash: "
#: For how long the link of an invitation can be used.
INVITATION_DAYS = env.whole("INVITATION_DAYS", 7, least=1, most=90)
PASSWORD_RESET_TIMEOUT = 2 * 60 * 60
# Attempts a minute (m) from an address (ip), on a person's behalf (user) or for a name (key).
ACCOUNT_RATE_LIMITS = {
    "login": "100/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
    # A day's limits, too: strangers are mailed in this installation's name.
    "reset_password": "20/m/ip,100/d/ip,3/m/key,6/d/key",
    "reset_password_from_key": "20/m/ip",
    "offer_account": "20/h/user",
    "manage_email": "5/5m/user,20/d/user,6/d/key",
    "company": "60/m/ip",
}

MFA_ADAPTER = "accounts.authentication.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # see ACCOUNT_EMAIL_VERIFICATION
MFA_TOTP_ISSUER = "Qredo Dash"
# Codes of the present half minute alone: allauth remembers used ones for no longer than that.
MFA_TOTP_TOLERANCE = 0
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}


def site_url(given: str) -> str:
    """Return the address of the site without a slash at its end, or nothing if none was given."""
    parts = urlsplit(given)
    if given and (parts.scheme not in {"http", "https"} or not parts.netloc):
        raise ImproperlyConfigured(
            "SITE_URL is the site's address, such as https://dash.example.com."
        )
    return f"{parts.scheme}://{parts.netloc}" if given else ""


#: Where links in mails lead; without it, to the first of ALLOWED_HOSTS that is not this machine.
SITE_URL = site_url(env.text("SITE_URL"))
#: Whom to tell of a flaw, as `https:`, `mailto:` or `tel:`; shown in `/.well-known/security.txt`.
SECURITY_CONTACT = env.text("SECURITY_CONTACT")
if SECURITY_CONTACT and urlsplit(SECURITY_CONTACT).scheme not in {"https", "mailto", "tel"}:
    raise ImproperlyConfigured("SECURITY_CONTACT begins with https:, mailto: or tel:.")

# Mail: links of invitations and for a new password. Without a server the pages say so.
EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.whole("EMAIL_PORT", 587, least=1, most=65_535)
EMAIL_HOST_USER = env.text("EMAIL_USER")
EMAIL_HOST_PASSWORD = env.secret("EMAIL_PASSWORD")
EMAIL_USE_SSL = EMAIL_PORT == 465
EMAIL_USE_TLS = env.flag("EMAIL_STARTTLS", default=not EMAIL_USE_SSL)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM") or EMAIL_HOST_USER
MAIL_IS_SENT = bool(EMAIL_HOST)

# A company's own accounts, by OpenID Connect. Nobody comes in by that alone: a person or an
# invitation has to have the address that the company vouches for.
OIDC_SERVER_URL = env.text("OIDC_SERVER_URL")
OIDC_NAME = env.text("OIDC_NAME", "your company")
_LOOPBACK = ("http://127.0.0.1:", "http://localhost:")
if OIDC_SERVER_URL and not OIDC_SERVER_URL.startswith(("https://", *_LOOPBACK)):
    raise ImproperlyConfigured("OIDC_SERVER_URL begins with https://.")
SOCIALACCOUNT_ADAPTER = "accounts.authentication.oidc.CompanyAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = (
    True  # a form would be sent on to the company, which our policy forbids
)
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # the adapter connects, and keeps passwords


def company_provider(server: str, *, name: str, client: str, secret: str) -> dict[str, Any]:
    """Return allauth's setting of the company's server; its code is of use to one browser alone."""
    app = {
        "provider_id": "company",
        "name": name,
        "client_id": client,
        "secret": secret,
        "settings": {"server_url": server, "oauth_pkce_enabled": True},
    }
    return {"openid_connect": {"APPS": [app] if server else []}}


SOCIALACCOUNT_PROVIDERS = company_provider(
    OIDC_SERVER_URL,
    name=OIDC_NAME,
    client=env.text("OIDC_CLIENT_ID"),
    secret=env.secret("OIDC_CLIENT_SECRET"),
)
