"""Signing in, the second factor after the first one, and signing out."""

from typing import Any

from allauth.account.views import LoginView, LogoutView
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator

from accounts.forms import SignInForm

#: What a browser throws away. Cookies are not in it: ours are gone with the session, and clearing
#: them would take those of neighbours on other ports along.
CLEARED = '"cache", "storage"'


class SignIn(LoginView):
    """Sign in with e-mail and password."""

    template_name = "accounts/sign_in.html"
    form_class = SignInForm
    http_method_names = ("get", "head", "post")  # a form view takes PUT for POST


@method_decorator(login_not_required, name="dispatch")
class SignOut(LogoutView):
    """End the session, or a sign-in that waits for its second factor."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Let the browser forget what it has seen."""
        answer: HttpResponse = super().post(request, *args, **kwargs)
        answer.headers["Clear-Site-Data"] = CLEARED
        return answer
