"""Proving anew who one is, before keys, members or security change."""

import json
from typing import Any

from allauth.account.views import ReauthenticateView
from allauth.mfa.base.views import ReauthenticateView as ReauthenticateByCodeView
from allauth.mfa.webauthn.views import ReauthenticateWebAuthnView
from django.http import HttpResponse

from accounts.forms.second_factor import ConfirmPasskeyForm
from accounts.forms.sign_in import ConfirmCodeForm, ConfirmForm

FORM = ("get", "head", "post")  # a form view takes PUT for POST


class ByPassword(ReauthenticateView):
    """By password."""

    template_name = "accounts/confirm.html"
    form_class = ConfirmForm
    http_method_names = FORM


class ByCode(ReauthenticateByCodeView):
    """By a code of the app, or a recovery code."""

    template_name = "accounts/confirm.html"
    form_class = ConfirmCodeForm
    http_method_names = FORM


class ByPasskey(ReauthenticateWebAuthnView):
    """By passkey."""

    template_name = "accounts/confirm.html"
    form_class = ConfirmPasskeyForm
    http_method_names = FORM

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what the browser is asked."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        options = context["js_data"]["request_options"]
        return context | kwargs | {"options": json.dumps(options["publicKey"])}

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show what went wrong where it did."""
        answer: HttpResponse = self.render_to_response(self.get_context_data(form=form))
        return answer
