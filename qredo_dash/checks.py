"""What `check --deploy` asks of a server beyond Django's own questions."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

from qredo_dash import start_checks


@register(Tags.security, deploy=True)
def hosts_are_named(**_: Any) -> list[CheckMessage]:
    """No wildcard: links in mails and passkeys belong to a host that is known."""
    wild = [host for host in settings.ALLOWED_HOSTS if "*" in host or host.startswith(".")]
    told = "ALLOWED_HOSTS names a pattern. Name each host."
    return [Error(told, id="qredo_dash.E001")] if wild else []


@register(Tags.security, deploy=True)
def origins_are_safe(**_: Any) -> list[CheckMessage]:
    """Forms are taken from https alone."""
    plain = [
        one
        for one in settings.CSRF_TRUSTED_ORIGINS
        if urlsplit(one).scheme != "https" or "*" in one
    ]
    told = "CSRF_TRUSTED_ORIGINS names a pattern or an address that is not https."
    return [Error(told, id="qredo_dash.E002")] if plain else []


@register(Tags.security, deploy=True)
def policy_is_strict(**_: Any) -> list[CheckMessage]:
    """No inline code and no code of others, whatever was changed for an afternoon."""
    sources = {
        source
        for sources in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].values()
        for source in sources
    }
    told = "CONTENT_SECURITY_POLICY allows more than this site itself."
    return [Error(told, id="qredo_dash.E003")] if sources - {"'none'", "'self'"} else []


@register(Tags.security, deploy=True)
def proxies_are_counted(**_: Any) -> list[CheckMessage]:
    """Behind a proxy everybody would have its address."""
    told = "TRUSTED_PROXIES is 0: everybody shares one count of attempts to sign in."
    return [] if settings.TRUSTED_PROXIES else [checks.Warning(told, id="qredo_dash.W001")]


@register(Tags.database, deploy=True)
def role_owns_nothing(**_: Any) -> list[CheckMessage]:
    """History is append-only as long as the program's role does not own its tables."""
    try:
        start_checks.check_role()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="qredo_dash.E004")]
    return []
