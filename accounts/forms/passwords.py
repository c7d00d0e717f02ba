"""Forms of new passwords."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm, ResetPasswordForm, ResetPasswordKeyForm
from django.http import HttpRequest

from accounts.forms.labels import plainly_named
from accounts.models import User


class PasswordForm(ChangePasswordForm):
    """The present password and a new one, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        help_text = self.fields["password1"].help_text
        labels = {
            "oldpassword": "Present password",
            "password1": "New password",
            "password2": "New password again",
        }
        plainly_named(self, labels)
        self.fields["password1"].help_text = help_text


class ForgottenForm(ResetPasswordForm):
    """Where to mail a link for a new password to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plainly_named(self, {"email": "E-mail"})

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Mail it; one mail goes out whatever the address, so that time betrays nothing either."""
        self.users: list[User] = [user for user in self.users if user.has_usable_password()]
        email: str = self.cleaned_data["email"]
        if self.users:
            super().save(request, **kwargs)
        else:
            get_adapter().send_mail("accounts/email/reset_unknown", email, {})
        return email


class NewPasswordForm(ResetPasswordKeyForm):
    """A new password, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        help_text = self.fields["password1"].help_text
        plainly_named(self, {"password1": "New password", "password2": "New password again"})
        self.fields["password1"].help_text = help_text
