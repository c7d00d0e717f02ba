"""The form that adds an account. The secret is checked as typed and never rendered again."""

from typing import Any

from django import forms

import qredo
from accounts.access import organizations_administered_by
from accounts.enrolment import Candidate
from accounts.models import Account, Environment, Organization, User
from accounts.words import plain_words, tidy

#: Value of the owner field for one's own account; organizations are named by their uid.
PERSONAL = "personal"

#: Qredo's ids have 14 characters and its secrets 80; what is longer may be a secret.
LONGEST_SHOWN_KEY_ID = 40


class KeyIdInput(forms.TextInput):
    """Shows again only what can be a key id: a secret in the wrong field stays unseen."""

    def format_value(self, value: Any) -> str | None:
        """Return what is shown of what was typed."""
        text = str(value or "").strip()
        try:
            return qredo.clean_key_id(text) if len(text) <= LONGEST_SHOWN_KEY_ID else None
        except qredo.BadKeyId:
            return None


class AddAccountForm(forms.Form):
    """Label, owner, environment, key id and secret."""

    label = forms.CharField(
        max_length=80, validators=[plain_words], help_text="What you call this account."
    )
    owner = forms.ChoiceField(
        help_text="Whom the account belongs to.",
        error_messages={"invalid_choice": "Choose an owner from the list."},
    )
    environment = forms.ChoiceField(
        choices=[
            (Environment.PRODUCTION, "Production"),
            (Environment.SANDBOX, "Sandbox (testnet)"),
        ],
        initial=Environment.PRODUCTION,
        error_messages={"invalid_choice": "Choose one of the two."},
        widget=forms.RadioSelect,
    )
    api_key = forms.CharField(
        label="API key",
        max_length=512,
        help_text="The key's id, short text such as _lJCqc-T3cnNpw.",
        widget=KeyIdInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    api_secret = forms.CharField(
        label="API secret",
        max_length=4096,
        help_text="Base64 text that Qredo showed once. It is sealed and never shown again.",
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
    )

    def __init__(self, user: User, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user
        self.organizations = {
            str(found.uid): found for found in organizations_administered_by(user)
        }
        names = [(uid, found.name) for uid, found in self.organizations.items()]
        self.fields["owner"].choices = [*names, (PERSONAL, "Me (personal account)")]  # type: ignore[attr-defined] # a ChoiceField

    def clean_label(self) -> str:
        """Put white space in order; a label is one owner's once."""
        label = tidy(self.cleaned_data["label"])
        if not label:
            raise forms.ValidationError("Give the account a label.")
        return label

    def clean_api_key(self) -> str:
        """Trim the key id. The errors of the client never quote what was typed."""
        try:
            return qredo.clean_key_id(self.cleaned_data["api_key"])
        except qredo.BadKeyId as error:
            raise forms.ValidationError(str(error)) from None

    def clean_api_secret(self) -> qredo.Secret:
        """Decode the secret; from here on it is a `Secret`, whose text shows nothing."""
        try:
            return qredo.decode_secret(self.cleaned_data["api_secret"])
        except qredo.BadSecret as error:
            raise forms.ValidationError(str(error)) from None

    def clean(self) -> dict[str, Any]:
        """Refuse a label of the same owner and a key that this owner has already."""
        cleaned = super().clean() or self.cleaned_data
        if "owner" not in cleaned:
            return cleaned
        siblings = self._siblings()
        if siblings.filter(label__iexact=cleaned.get("label", "")).exists():
            self.add_error("label", "Another account of this owner has this label.")
        twin = siblings.filter(
            keys__key_id=cleaned.get("api_key", ""),
            keys__replaced_at=None,
            environment=cleaned.get("environment"),
        ).first()
        if twin is not None:
            self.add_error("api_key", f"This key is in use already, for the account {twin.label}.")
        return cleaned

    def _siblings(self) -> Any:
        owner = self.chosen_owner
        if isinstance(owner, Organization):
            return Account.objects.filter(organization=owner)
        return Account.objects.filter(owner=owner)

    @property
    def chosen_owner(self) -> User | Organization:
        """Whom the account is going to belong to."""
        return self.organizations.get(self.cleaned_data["owner"], self.user)

    @property
    def candidate(self) -> Candidate:
        """The key, ready to be tested."""
        cleaned = self.cleaned_data
        environment = Environment(cleaned["environment"])
        return Candidate(cleaned["api_key"], cleaned["api_secret"], environment)

    def refuse(self, error: qredo.QredoError) -> None:
        """Put an error of the test call to the field that it came from."""
        field = _FIELDS.get(str(error.reason))
        self.add_error(field, error.detail)


#: The field that a reason comes from; the others concern the form as a whole.
_FIELDS = {"key_rejected": "api_key", "permission": "api_key"}
