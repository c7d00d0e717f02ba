"""Forms of people: signing in and the profile."""

from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.forms import AuthenticationForm

from accounts.models import User
from accounts.words import tidy


class SignInForm(AuthenticationForm):
    """E-mail and password; says the same whether or not the person exists."""

    error_messages = {
        "invalid_login": "E-mail and password do not fit together. Both are checked as typed.",
        "inactive": "E-mail and password do not fit together. Both are checked as typed.",
    }


if TYPE_CHECKING:
    UserForm = forms.ModelForm[User]
else:
    UserForm = forms.ModelForm  # generic for the type checker alone


class ProfileForm(UserForm):
    """Name and time zone."""

    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=[(name, name) for name in sorted(available_timezones())],
        help_text="Every time is shown in this zone.",
    )

    class Meta:
        model = User
        fields = ("name", "time_zone")

    def clean_name(self) -> str:
        """Put white space in order."""
        return tidy(self.cleaned_data["name"])
