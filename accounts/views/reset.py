"""A new password for somebody who has forgotten theirs, by a link that is mailed."""

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.views import PasswordResetFromKeyView, PasswordResetView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator

from accounts import company_accounts
from accounts.access import first_person
from accounts.forms.passwords import ForgottenForm, NewPasswordForm
from accounts.views.sign_in import no_person_yet

FORM = ("get", "head", "post")  # a form view takes PUT for POST
logger = logging.getLogger(__name__)


@method_decorator(login_not_required, name="dispatch")
class Forgotten(PasswordResetView):
    """Ask where to mail a link to; say the same whether or not anybody has the address."""

    template_name = "accounts/reset.html"
    form_class = ForgottenForm
    success_url = reverse_lazy("sign-in")
    http_method_names = FORM

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Without a mail server or any person say so, and what to do instead."""
        if str(request.method).lower() in FORM and first_person.is_missing():
            return no_person_yet(request)
        if not settings.MAIL_IS_SENT and str(request.method).lower() in FORM:
            return render(request, "accounts/reset_impossible.html")
        answer: HttpResponse = super().dispatch(request, *args, **kwargs)
        return answer

    def form_valid(self, form: Any) -> HttpResponse:
        """Mail the link, or to an address that nobody has, that nobody has it."""
        try:
            answer: HttpResponse = super().form_valid(form)
        except (OSError, SMTPException) as error:
            logger.error("a link was not mailed: %s", type(error).__name__)  # noqa: TRY400 - named
            form.add_error(None, "The mail server did not take the message. Try again later.")
            answer = self.form_invalid(form)
        else:
            if answer.status_code == 302:
                messages.success(self.request, "A mail is on its way to this address.")
        return answer


@method_decorator(login_not_required, name="dispatch")
class Forgiven(PasswordResetFromKeyView):
    """Take a new password from whoever holds the link, which is no second factor."""

    template_name = "accounts/reset_set.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("sign-in")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Look at the method first, which allauth's own does last."""
        if str(request.method).lower() not in FORM:
            refused: HttpResponse = self.http_method_not_allowed(request)
            return refused
        answer: HttpResponse = super().dispatch(request, *args, **kwargs)
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add which company accounts sign in as the person, whatever the password is."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        user = getattr(self, "reset_user", None)
        return context | {"connections": company_accounts.shown(user) if user else []}

    def form_valid(self, form: Any) -> HttpResponse:
        """Let the person in at once, however often they guessed before."""
        answer: HttpResponse = super().form_valid(form)
        get_adapter().forget_attempts(self.request, self.reset_user.email)
        return answer
