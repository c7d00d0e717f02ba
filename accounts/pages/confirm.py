"""Proving anew who one is, before keys, members or security change."""

from allauth.account.views import ReauthenticateView

from accounts.forms import ConfirmForm


class ByPassword(ReauthenticateView):
    """By password."""

    template_name = "accounts/confirm.html"
    form_class = ConfirmForm
    http_method_names = ("get", "head", "post")
