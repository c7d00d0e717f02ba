"""Forms of authenticator apps and passkeys."""

from typing import Any

from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms

from accounts.forms.labels import plainly_named
from accounts.words import plain_words

NO_PASSKEY = "This passkey is not known here, or it is not yours."


class AppForm(ActivateTOTPForm):
    """The first code of an authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plainly_named(self, {"code": "Code that the app shows"})
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
