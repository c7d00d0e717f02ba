"""Telling an organization's other admins by mail what one of them has done alone."""

import logging
from smtplib import SMTPException

from allauth.account.adapter import get_adapter
from django.conf import settings

from accounts.models import Organization, Role, User

logger = logging.getLogger(__name__)


def tell_of_transfer(label: str, of: Organization, *, to: User | Organization, by: User) -> None:
    """Mail the other admins of an organization that one of its accounts was given away.

    It is done by then and in the audit log; without a mail server that is all there is.
    """
    if not settings.MAIL_IS_SENT:
        return
    owner = to.email if isinstance(to, User) else to.name
    context = {"label": label, "organization": of.name, "owner": owner, "who": by.email}
    for email in _other_admins(of, by):
        try:
            get_adapter().send_mail("accounts/email/transferred", email, context)
        except (OSError, SMTPException) as error:
            logger.error("a transfer was not mailed: %s", type(error).__name__)  # noqa: TRY400 - named


def _other_admins(of: Organization, by: User) -> list[str]:
    admins = of.memberships.filter(role=Role.ADMIN, user__is_active=True).exclude(user=by)
    return list(admins.order_by("user__email").values_list("user__email", flat=True))
