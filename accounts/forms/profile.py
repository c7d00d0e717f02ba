"""A person's own settings."""

from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from django import forms

from accounts.models import User
from accounts.words import tidy

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
