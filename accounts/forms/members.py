"""Forms of letting people in."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from accounts.models import Role, User
from accounts.passwords.strength import refuse_guessable, words_of
from accounts.words import plain_words, tidy


class InviteForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.EmailField(
        label="E-mail", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(choices=Role.choices, initial=Role.VIEWER)

    def clean_email(self) -> str:
        """Put the address as it is kept: one person's, whatever its case."""
        return str(self.cleaned_data["email"]).strip().lower()


class JoinForm(forms.Form):
    """What a new person chooses for themselves."""

    name = forms.CharField(max_length=80, validators=[plain_words], help_text="What others see.")
    password = forms.CharField(
        strip=False,
        max_length=1024,
        help_text="At least 12 characters.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="Password again",
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, email: str, organization: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email, self.organization = email, organization

    def clean_name(self) -> str:
        """Put white space in order."""
        return tidy(self.cleaned_data["name"])

    def clean(self) -> dict[str, Any]:
        """Refuse passwords that differ, and those that are easily guessed."""
        cleaned = super().clean() or self.cleaned_data
        if "password" in cleaned and cleaned["password"] != cleaned.get("again"):
            self.add_error("again", "The two passwords differ.")
        elif "password" in cleaned:
            self._refuse_guessable(cleaned["password"], cleaned.get("name", ""))
        return cleaned

    def _refuse_guessable(self, password: str, name: str) -> None:
        try:
            person = User(email=self.email, name=name)
            validate_password(password, person)
            refuse_guessable(password, [*words_of(person), self.organization])
        except forms.ValidationError as error:
            self.add_error("password", error)
