"""An organization's members: their roles, invitations, and whether a second factor is required."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import invitations, members
from accounts.access.decorators import in_organization
from accounts.access.roles import organizations_administered_by
from accounts.access.second_factors import is_bare_admin, of_anybody
from accounts.authentication.reauthentication import needs_confirmation
from accounts.forms.members import InviteForm
from accounts.models import Organization, Role
from accounts.shared.http import Request
from accounts.shared.site_address import absolute

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Shown:
    """What is on the page beside what is stored: a form with errors, a link made just now."""

    form: InviteForm = field(default_factory=InviteForm)
    link: str = ""
    invited: str = ""
    status: int = 200


Act = Callable[[Request, Organization], Shown | None]


@in_organization
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: Request, organization: Organization) -> HttpResponse:
    """List members and invitations; do what the reader asks for."""
    if request.method == "POST":
        return _done(request, organization)
    return _page(request, organization, Shown())


@needs_confirmation
def _done(request: Request, organization: Organization) -> HttpResponse:
    act = ACTS.get(request.POST.get("do", ""))
    if act is None:
        return _page(request, organization, Shown(status=422))
    try:
        shown = act(request, organization)
    except members.MembersError as error:
        messages.error(request, str(error))
        shown = Shown(status=422)
    if shown is None:
        return _back(request, organization)
    return _page(request, organization, shown)


def _back(request: Request, organization: Organization) -> HttpResponse:
    # Who has just lowered or removed themselves cannot see this page any more.
    if organizations_administered_by(request.user).filter(pk=organization.pk).exists():
        return redirect("members", organization.uid)
    return redirect("profile")


def _page(request: Request, organization: Organization, shown: Shown) -> HttpResponse:
    context = {
        "organization": organization,
        "rows": _rows(organization),
        "invitations": invitations.standing(organization),
        "now": timezone.now(),
        "roles": Role.choices,
        "shown": shown,
        "lacks_factor": is_bare_admin(request.user),
    }
    return render(request, "accounts/members.html", context, status=shown.status)


def _rows(organization: Organization) -> Any:
    has_factor = Exists(of_anybody().filter(user_id=OuterRef("user_id")))
    return (
        organization.memberships.select_related("user")
        .annotate(has_factor=has_factor)
        .order_by("user__email")
    )


def _invite(request: Request, organization: Organization) -> Shown | None:
    form = InviteForm(request.POST)
    if not form.is_valid():
        return Shown(form=form, status=422)
    email, role = form.cleaned_data["email"], Role(form.cleaned_data["role"])
    try:
        token = invitations.invite(organization, email=email, role=role, by=request.user)
    except invitations.AlreadyMemberError:
        form.add_error("email", "This person is a member already.")
        return Shown(form=form, status=422)
    link = absolute(request, reverse("invitation", args=[token]))
    _mail(request, organization, email, link)
    return Shown(link=link, invited=email)


def _mail(request: Request, organization: Organization, email: str, link: str) -> None:
    if not settings.MAIL_IS_SENT:
        return
    context = {"organization": organization, "by": request.user, "link": link}
    try:
        get_adapter().send_mail("accounts/email/invitation", email, context)
    except (OSError, SMTPException) as error:
        logger.error("an invitation was not mailed: %s", type(error).__name__)  # noqa: TRY400 - named
        messages.warning(request, "The mail server did not take the message. Pass the link on.")
    else:
        messages.success(request, f"The link was mailed to {email}.")


def _withdraw(request: Request, organization: Organization) -> None:
    if invitations.withdraw(organization, email=_email(request), by=request.user):
        messages.success(request, "The invitation is withdrawn; its link opens nothing any more.")


def _email(request: Request) -> str:
    return request.POST.get("email", "").replace("\0", "")  # which PostgreSQL does not take


def _role(request: Request, organization: Organization) -> None:
    role = request.POST.get("role", "")
    if role not in Role.values:
        raise members.MembersError("Choose a role from the list.")
    email = _email(request)
    member = members.change_role(organization, email=email, role=Role(role), by=request.user)
    messages.success(request, f"{member.user.email} is {member.get_role_display().lower()} now.")


def _remove(request: Request, organization: Organization) -> None:
    member = members.remove(organization, email=_email(request), by=request.user)
    messages.success(request, f"{member.user.email} is not a member any more.")


def _sessions(request: Request, organization: Organization) -> None:
    email, own = _email(request), request.session.session_key
    members.end_sessions(organization, email=email, by=request.user, but=own)
    messages.success(request, f"The sessions of {email} have ended. They can sign in again.")


def _disconnect(request: Request, organization: Organization) -> None:
    email, own = _email(request), request.session.session_key
    if members.disconnect(organization, email=email, by=request.user, but=own):
        messages.success(request, f"The company account of {email} lets nobody in any more.")
    else:
        messages.info(request, f"No company account is connected with {email}.")


def _factor(request: Request, organization: Organization) -> None:
    required = request.POST.get("required") == "yes"
    members.require_second_factor(organization, required=required, by=request.user)
    messages.success(
        request,
        "From now on a second factor is required."
        if required
        else "A second factor is not required any more.",
    )


ACTS: dict[str, Act] = {
    "invite": _invite,
    "withdraw": _withdraw,
    "role": _role,
    "remove": _remove,
    "factor": _factor,
    "sessions": _sessions,
    "disconnect": _disconnect,
}
