"""Second factors: an overview, the authenticator app, passkeys, recovery codes."""

import json
from typing import Any

from allauth.mfa.base.views import IndexView
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.internal.auth import begin_registration
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator

from accounts.authentication.reauthentication import needs_confirmation
from accounts.forms.second_factor import AppForm, PasskeyForm

FORM = ("get", "head", "post")  # a form view takes PUT for POST


class Overview(IndexView):
    """What somebody has."""

    template_name = "accounts/second_factor.html"
    http_method_names = ("get", "head")


@method_decorator(needs_confirmation, name="dispatch")
class AddApp(ActivateTOTPView):
    """Set up an authenticator app."""

    template_name = "accounts/app_add.html"
    form_class = AppForm
    http_method_names = FORM

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give the picture as an element of the page, since no image comes from elsewhere."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        _, _, picture = context["totp_svg"].partition("?>")
        return context | {"picture": picture, "secret": context["form"].secret}


class RemoveApp(DeactivateTOTPView):
    """Take the authenticator app away."""

    template_name = "accounts/app_remove.html"
    http_method_names = FORM


@method_decorator(needs_confirmation, name="dispatch")
class AddPasskey(AddWebAuthnView):
    """Add a passkey."""

    template_name = "accounts/passkey_add.html"
    form_class = PasskeyForm
    http_method_names = FORM

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Ask for one that names its owner by itself and makes sure who holds it."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        options = begin_registration(self.request.user, passwordless=True)
        return context | kwargs | {"options": json.dumps(options["publicKey"])}


class RemovePasskey(RemoveWebAuthnView):
    """Take a passkey away."""

    template_name = "accounts/passkey_remove.html"
    success_url = reverse_lazy("mfa_index")
    http_method_names = FORM


class RecoveryCodes(ViewRecoveryCodesView):
    """Show new codes, once."""

    template_name = "accounts/recovery_codes.html"
    http_method_names = ("get", "head")


class NewRecoveryCodes(GenerateRecoveryCodesView):
    """Replace all codes."""

    template_name = "accounts/recovery_codes_new.html"
    http_method_names = FORM
