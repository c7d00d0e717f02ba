"""Sending one mail; a mail server that fails is a line in the log, not an error of the page."""

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings

logger = logging.getLogger(__name__)


def send(name: str, to: str, context: dict[str, Any]) -> bool:
    """Send the mail of a template; return whether the mail server took it."""
    if not settings.MAIL_IS_SENT:
        return False
    try:
        # allauth's own way of sending asks for a request, which commands have none of.
        get_adapter().render_mail(f"accounts/email/{name}", to, context).send()
    except (OSError, SMTPException) as error:
        logger.error("%s was not mailed: %s", name, type(error).__name__)  # noqa: TRY400 - named
        return False
    return True
