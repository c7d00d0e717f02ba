"""Signing in, the second factor after the first one, and signing out."""

import json
from typing import Any

from allauth.account.views import LoginView, LogoutView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.webauthn.views import LoginWebAuthnView
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator

from accounts.access import first_person
from accounts.forms.second_factor import SecondPasskeyForm, SignInPasskeyForm
from accounts.forms.sign_in import CodeForm, SignInForm

#: What a browser throws away. Cookies are not in it: ours are gone with the session, and clearing
#: them would take those of neighbours on other ports along.
CLEARED = '"cache", "storage"'
FORM = ("get", "head", "post")  # a form view takes PUT for POST


def no_person_yet(request: HttpRequest) -> HttpResponse:
    """Say how the first person is added."""
    told = {"commands": first_person.shown_commands()}
    return render(request, "accounts/first_person.html", told)


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):
    """Sign in with e-mail and password."""

    template_name = "accounts/sign_in.html"
    form_class = SignInForm
    http_method_names = FORM

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """While no person exists, say how the first one is added: no log-in could be right."""
        if str(request.method).lower() in FORM and first_person.is_missing():
            return no_person_yet(request)
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return answer


class SecondFactor(AuthenticateView):
    """Ask for the second factor of somebody whose password was right."""

    template_name = "accounts/sign_in_second.html"
    form_class = CodeForm
    webauthn_form_class = SecondPasskeyForm
    http_method_names = FORM

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what the browser is asked for a passkey."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        options = context["js_data"]["request_options"]["publicKey"]
        has_passkey = bool(options.get("allowCredentials"))
        return context | {"options": json.dumps(options) if has_passkey else ""}


class Passkey(LoginWebAuthnView):
    """Sign in with a passkey alone; a script asks here for what the browser has to sign."""

    form_class = SignInPasskeyForm
    http_method_names = FORM


@method_decorator(login_not_required, name="dispatch")
class SignOut(LogoutView):
    """End the session, or a sign-in that waits for its second factor."""

    http_method_names = FORM

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG002 - a view's signature
        """End nothing: an address alone is no wish. The overview, or sign-in before it, says so."""
        if request.user.is_authenticated:
            messages.warning(request, "You are still signed in. Choose “Sign out” in your menu.")
        return redirect("overview")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Let the browser forget what it has seen."""
        answer: HttpResponse = super().post(request, *args, **kwargs)
        answer.headers["Clear-Site-Data"] = CLEARED
        return answer
