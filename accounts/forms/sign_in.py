"""Forms of signing in and of proving anew who one is."""

from typing import Any

from allauth.account.forms import LoginForm, ReauthenticateForm
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ReauthenticateByCodeForm

from accounts.forms.labels import plainly_named


class SignInForm(LoginForm):
    """E-mail and password; says the same whether or not the person exists."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plainly_named(self, {"login": "E-mail", "password": "Password"})
        self.fields["login"].widget.attrs |= {"autofocus": True, "autocomplete": "username"}


class ConfirmForm(ReauthenticateForm):
    """One's password, once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plainly_named(self, {"password": "Password"})
        self.fields["password"].widget.attrs["autofocus"] = True


class CodeForm(AuthenticateForm):
    """The second factor of a sign-in, as a code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plainly_named(self, {"code": "Code"})
        self.fields["code"].help_text = "From your authenticator app, or a recovery code."
        self.fields["code"].widget.attrs["autofocus"] = True


class ConfirmCodeForm(CodeForm, ReauthenticateByCodeForm):
    """A code, once more."""

    save = ReauthenticateByCodeForm.save
