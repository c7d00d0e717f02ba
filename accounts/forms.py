"""Forms of people: signing in, proving who one is, the password and the profile."""

from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ReauthenticateByCodeForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.contrib.auth.password_validation import validate_password

from accounts.models import Role, User
from accounts.words import plain_words, tidy


NO_PASSKEY = "This passkey is not known here, or it is not yours."


def _plainly_named(form: forms.BaseForm, labels: dict[str, str]) -> None:
    """Give fields their labels, instead of words inside of them that go when one types."""
    for name, label in labels.items():
        field = form.fields[name]
        field.label = label
        field.help_text = ""
        field.widget.attrs.pop("placeholder", None)


class SignInForm(LoginForm):
    """E-mail and password; says the same whether or not the person exists."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plainly_named(self, {"login": "E-mail", "password": "Password"})
        self.fields["login"].widget.attrs |= {"autofocus": True, "autocomplete": "username"}


class ConfirmForm(ReauthenticateForm):
    """One's password, once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plainly_named(self, {"password": "Password"})
        self.fields["password"].widget.attrs["autofocus"] = True


class CodeForm(AuthenticateForm):
    """The second factor of a sign-in, as a code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plainly_named(self, {"code": "Code"})
        self.fields["code"].help_text = "From your authenticator app, or a recovery code."
        self.fields["code"].widget.attrs["autofocus"] = True


class ConfirmCodeForm(CodeForm, ReauthenticateByCodeForm):
    """A code, once more."""

    save = ReauthenticateByCodeForm.save


class AppForm(ActivateTOTPForm):
    """The first code of an authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plainly_named(self, {"code": "Code that the app shows"})
        self.fields["code"].widget.attrs |= {"autofocus": True, "inputmode": "numeric"}


class _AnswerOfPasskey(forms.Form):
    """What cannot be read is wrong; the library takes some of it for a mistake of its own."""

    def full_clean(self) -> None:
        """Turn what reading stumbles over into an error at the form, in words for passkeys."""
        try:
            super().full_clean()
        except (AttributeError, KeyError):
            self.add_error("credential", NO_PASSKEY)
        if self.has_error("credential", "incorrect_code"):
            self.errors["credential"] = self.error_class([NO_PASSKEY])


class SignInPasskeyForm(_AnswerOfPasskey, LoginWebAuthnForm):
    """A passkey instead of a password."""


class SecondPasskeyForm(_AnswerOfPasskey, AuthenticateWebAuthnForm):
    """A passkey after the password."""


class ConfirmPasskeyForm(_AnswerOfPasskey, ReauthenticateWebAuthnForm):
    """A passkey, once more."""


class PasskeyForm(_AnswerOfPasskey, AddWebAuthnForm):
    """A new passkey, which always stands for both factors: the device asks who holds it."""

    name = forms.CharField(
        max_length=40, required=False, validators=[plain_words], help_text="What you call it."
    )
    passwordless = forms.BooleanField(initial=True, widget=forms.HiddenInput)


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
        _plainly_named(self, labels)
        self.fields["password1"].help_text = help_text


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

    def __init__(self, email: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

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
            validate_password(password, User(email=self.email, name=name))
        except forms.ValidationError as error:
            self.add_error("password", error)
