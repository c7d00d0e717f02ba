"""Headers of static files, which WhiteNoise answers before any middleware of ours."""

from collections.abc import MutableMapping

from django.conf import settings


def add_headers(headers: MutableMapping[str, str], _path: str, _url: str) -> None:
    """Give them what all answers of the site have: no other site embeds them."""
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if seconds := settings.SECURE_HSTS_SECONDS:
        headers["Strict-Transport-Security"] = f"max-age={seconds}"
