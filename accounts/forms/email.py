"""The form for another e-mail address."""

from django import forms


class EmailForm(forms.Form):
    """Which address; says nothing about who has it."""

    email = forms.EmailField(
        label="New e-mail address",
        max_length=254,
        help_text="A link is sent there; until it is opened nothing changes.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def clean_email(self) -> str:
        """Put the address as it is kept: one person's, whatever its case."""
        return str(self.cleaned_data["email"]).strip().lower()
