"""Who comes from a company's own accounts: people we know, and people whom we have invited."""

from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect

from accounts import invitations
from accounts.models import User


class CompanyAdapter(DefaultSocialAccountAdapter):
    """Connects by the address that the company vouches for; lets nobody else in."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Find the person at their first visit from there."""
        if sociallogin.is_existing:
            return
        address = next((a.email.lower() for a in sociallogin.email_addresses if a.verified), "")
        if not address:
            _refuse(request, "Your company's account names no confirmed e-mail address.")
        user = User.objects.filter(email=address).first() or _invited(request, address)
        if user is None:
            _refuse(request, f"Nobody here has the address {address}. Ask for an invitation.")
        sociallogin.connect(request, user)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,  # noqa: ARG002 - allauth's signature
        error: Any = None,  # noqa: ARG002 - likewise
        exception: Any = None,  # noqa: ARG002 - likewise
        extra_context: Any = None,  # noqa: ARG002 - likewise
    ) -> None:
        """Lead back; what the company's server said is not for the page."""
        _refuse(request, "Your company's server did not confirm who you are. Try again.")


def _invited(request: HttpRequest, address: str) -> User | None:
    try:
        invitation = invitations.again(request.session.get(invitations.HELD))
    except invitations.GoneError:
        return None
    if invitation.email != address:
        return None
    return invitations.join_as_new(invitation, name="", password=None)


def _refuse(request: HttpRequest, words: str) -> NoReturn:
    messages.error(request, words)
    raise ImmediateHttpResponse(redirect("sign-in"))
