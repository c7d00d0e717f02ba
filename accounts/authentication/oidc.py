"""Which person comes from a company's own accounts: one who is connected, or who is invited."""

import logging
from typing import Any, NoReturn
from urllib.parse import urlencode

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse

from accounts import company_accounts, invitations
from accounts.access.oidc_server import UnprovenError
from accounts.models import User

#: What a session keeps on the way to the company: who wants to be connected.
CONNECTS = "connects"
logger = logging.getLogger(__name__)


class CompanyAdapter(DefaultSocialAccountAdapter):
    """Lets in by the company's number for a person; an address alone lets nobody in."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Find the person; connect them if they asked for it here, or were invited."""
        wanted = (sociallogin.state.get("data") or {}).get(CONNECTS)
        if wanted is not None:
            _connect_asked(request, sociallogin, wanted)
        if sociallogin.is_existing:
            return
        address = _confirmed_address(request, sociallogin)
        user = User.objects.filter(email=address).first()
        if user is not None and not _may_connect_by_invitation(request, user):
            _refuse_known(request, user)
        user = user or _joined(request, address)
        _connect(request, sociallogin, user)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,  # noqa: ARG002 - allauth's signature
        error: Any = None,  # noqa: ARG002 - likewise
        exception: Any = None,
        extra_context: Any = None,  # noqa: ARG002 - likewise
    ) -> None:
        """Lead back; what the company's server said is not for the page."""
        if exception is not None:
            # What others raise may hold the server's answer.
            said = exception if isinstance(exception, UnprovenError) else type(exception).__name__
            logger.warning("a sign-in by the company was refused: %s", said)
        _refuse(request, "Your company's server did not confirm who you are. Try again.")


def _confirmed_address(request: HttpRequest, sociallogin: Any) -> str:
    confirmed = [one for one in sociallogin.email_addresses if one.verified is True]
    if not confirmed:
        _refuse(request, "Your company's account names no confirmed e-mail address.")
    return str(confirmed[0].email).lower()


def _connect_asked(request: HttpRequest, sociallogin: Any, wanted: int) -> NoReturn:
    """Connect the person who is signed in here and asked for it, then lead back to their page."""
    user = request.user
    if not user.is_authenticated or user.pk != wanted:
        _refuse(request, "You are signed out. Sign in, then connect again.")
    if sociallogin.is_existing and sociallogin.user.pk == user.pk:
        _back(request, "This account of your company is connected already.")
    if sociallogin.is_existing:
        _back(request, "This account of your company is connected with another person here.")
    if _confirmed_address(request, sociallogin) != user.email:
        _back(request, f"Your company's account has another address than {user.email}.")
    try:
        company_accounts.connect(user, sociallogin.account)
    except company_accounts.OtherConnectedError:
        company_accounts.refused(user)
        _back(request, "You are connected with another account already. End that first.")
    messages.success(request, f"You can sign in with {settings.OIDC_NAME} from now on.")
    raise ImmediateHttpResponse(redirect("company-account"))


def _connect(request: HttpRequest, sociallogin: Any, user: User) -> None:
    try:
        company_accounts.connect(user, sociallogin.account)
    except company_accounts.OtherConnectedError:
        _refuse_known(request, user)
    sociallogin.user = user


def _refuse_known(request: HttpRequest, user: User) -> NoReturn:
    """Say how a person who has this address gets in: the address alone proves too little."""
    company = settings.OIDC_NAME
    if company_accounts.exists(user):
        company_accounts.refused(user)
        logger.warning("another company account came with the address of person %s", user.pk)
        _refuse(
            request,
            f"Another account of {company} is connected with {user.email}. Sign in another way and"
            " end that connection in your profile, or ask an admin of your organization to end it.",
        )
    messages.info(
        request,
        f"{user.email} is not connected with {company} yet. Sign in as before; then you can connect"
        " it on the page that follows.",
    )
    after = urlencode({"next": reverse("company-account")})
    raise ImmediateHttpResponse(redirect(f"{reverse('sign-in')}?{after}"))


def _may_connect_by_invitation(request: HttpRequest, user: User) -> bool:
    """Whether an invitation stands in for a sign-in that the person has no means for."""
    if company_accounts.exists(user) or company_accounts.has_other_way_in(user):
        return False
    invitation = _invitation(request)
    return invitation is not None and invitation.email == user.email


def _joined(request: HttpRequest, address: str) -> User:
    invitation = _invitation(request)
    if invitation is None or invitation.email != address:
        _refuse(request, f"Nobody here has the address {address}. Ask for an invitation.")
    return invitations.join_as_new(invitation, name="", password=None)


def _invitation(request: HttpRequest) -> Any:
    try:
        return invitations.again(request.session.get(invitations.HELD))
    except invitations.GoneError:
        return None


def _back(request: HttpRequest, words: str) -> NoReturn:
    messages.error(request, words)
    raise ImmediateHttpResponse(redirect("company-account"))


def _refuse(request: HttpRequest, words: str) -> NoReturn:
    messages.error(request, words)
    raise ImmediateHttpResponse(redirect("sign-in"))
