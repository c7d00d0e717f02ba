"""A person's own settings."""

from typing import TYPE_CHECKING, Any

from django import forms

from accounts.models import User
from accounts.time_zones import is_zone, zone_names
from accounts.words import tidy

if TYPE_CHECKING:
    UserForm = forms.ModelForm[User]
else:
    UserForm = forms.ModelForm  # generic for the type checker alone


ZONE_HELP = "Every time is shown in this zone."


class ProfileForm(UserForm):
    """Name and time zone."""

    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=[(name, name) for name in zone_names()],
        help_text=ZONE_HELP,
    )

    class Meta:
        model = User
        fields = ("name", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_zone(self.instance.time_zone):
            # Without this the browser would show, and save, the first zone of the list.
            unchosen = [("", "Choose a time zone"), *((name, name) for name in zone_names())]
            self.fields["time_zone"] = forms.ChoiceField(
                label="Time zone", choices=unchosen, help_text=ZONE_HELP
            )

    def clean_name(self) -> str:
        """Put white space in order."""
        return tidy(self.cleaned_data["name"])
