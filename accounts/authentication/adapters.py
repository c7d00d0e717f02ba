"""Where sign-in, as allauth does it, bends to this installation's rules."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.access.second_factors import factors_of
from accounts.authentication import reauthentication
from accounts.shared import sealing
from accounts.shared.addresses import is_path_of_ours
from accounts.shared.site_address import absolute

WRONG_CODE = "This code is not right, or it was used before."
NOT_TOGETHER = "E-mail and password do not fit together. Both are checked as typed."
WAYS = {
    "reauthenticate": "Confirm by password",
    "mfa_reauthenticate": "Confirm by a code",
    "mfa_reauthenticate:webauthn": "Confirm by passkey",
}


class PasswordBackend(AuthenticationBackend):
    """E-mail and password."""

    def _check_password(self, user: Any, password: str) -> Any:
        """Forget whose password was right though they are deactivated: they read like others."""
        found = super()._check_password(user, password)
        self.unstash_authenticated_user()
        return found


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up by themselves; messages in our words; limits that no header bends."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": NOT_TOGETHER,
        "too_many_login_attempts": "Too many attempts. Wait five minutes, then try again.",
        "incorrect_code": WRONG_CODE,
        "incorrect_password": "This is not your password.",
        "enter_current_password": "This is not your present password.",
        "rate_limited": "Too many attempts. Wait five minutes, then try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """Return no: people come in by invitation, or are added by a command."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Return whether `next` may be followed: to paths of ours, not to names of views."""
        return is_path_of_ours(url)

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:  # noqa: ARG002 - allauth's signature
        """Lead back: whoever holds a deactivated person's passkey learns nothing more."""
        messages.error(request, "You could not be signed in.")
        return redirect("sign-in")

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return who is connected if fewer proxies wrote into the header than are ours."""
        try:
            return str(super().get_client_ip(request))
        except ImproperlyConfigured:
            return str(request.META["REMOTE_ADDR"])

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link for a new password, at the site's own address."""
        number, _, secret = key.partition("-")
        path = reverse("account_reset_password_from_key", args=[number, secret])
        return absolute(self.request, path)

    def forget_attempts(self, request: HttpRequest, email: str) -> None:
        """Count from nothing again for somebody who has a new password."""
        self._delete_login_attempts_cached_email(request, email=email)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002 - allauth's signature
        """Go back to where the password is changed from."""
        return reverse("profile")

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:  # noqa: ARG002 - one rule for all
        """Whether the person has to prove anew who they are; a fresh sign-in is proof too."""
        return not reauthentication.is_fresh(self.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Name the ways of proving who one is as our pages do."""
        methods = super().get_reauthentication_methods(user)
        return [method | {"description": WAYS[method["id"]]} for method in methods]

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:  # noqa: ARG002 - allauth's signature
        # allauth's own holds the host as well, whose port everybody may choose anew each time.
        return str(credentials.get("email", "")).strip().lower()


class SecondFactorAdapter(DefaultMFAAdapter):
    """Seeds are stored sealed; passkeys are named by number."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": WRONG_CODE,
        "cannot_generate_recovery_codes": "Set up an authenticator app or a passkey first.",
    }

    def encrypt(self, text: str) -> str:
        """Seal a seed."""
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Open a seed."""
        return sealing.unseal(encrypted_text)

    def generate_authenticator_name(self, user: Any, type: Any) -> str:  # noqa: A002, ARG002 - allauth's signature
        """Return a name to begin with."""
        return f"Passkey {factors_of(user).count() + 1}"
