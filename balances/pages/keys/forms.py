"""Forms that take a key. The secret is checked as typed and never rendered again."""

from typing import Any
from uuid import UUID

from django import forms

import qredo
from accounts.enrolment import Candidate, said_of_newest
from accounts.models import Account, ApiKey, Environment, Wallets

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


class UidInput(forms.HiddenInput):
    """Says again only what is a uid: nobody types here, and nothing else is told back."""

    def format_value(self, value: Any) -> str | None:
        """Return the uid, if it is one."""
        try:
            return str(UUID(str(value)))
        except ValueError:
            return None


class WalletsForm(forms.Form):
    """What a key sees. Qredo does not tell, so a person says it."""

    wallets = forms.ChoiceField(
        label="This key sees",
        choices=Wallets.choices,
        initial=Wallets.ALL,
        widget=forms.RadioSelect,
        help_text="A key can be limited to one fund or one wallet, which its balances do not tell:"
        " such a key sees only some wallets."
        " Figures of such a key are marked as partial.",
        error_messages={
            "required": "Choose one of the two.",
            "invalid_choice": "Choose one of the two.",
        },
    )

    @property
    def chosen_wallets(self) -> Wallets:
        """What was chosen."""
        return Wallets(self.cleaned_data["wallets"])


class KeyForm(WalletsForm):
    """Key id and secret, and what the key sees."""

    field_order: tuple[str, ...] = ("api_key", "api_secret", "wallets")

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

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.data.get(self.add_prefix("api_secret")):
            self.fields["api_secret"].help_text = TYPED_AGAIN

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

    def refuse(self, error: qredo.QredoError) -> None:
        """Put an error of the test call to the field that it came from."""
        reason = str(error.reason)
        self.add_error(_FIELDS.get(reason), " ".join((error.detail, *_HINTS.get(reason, ()))))


#: The field that a reason comes from; the others concern the form as a whole.
_FIELDS = {"key_rejected": "api_key", "permission": "api_key"}
#: What else may be wrong with a key that was only just typed.
_HINTS = {"key_rejected": ("Check as well that key, secret and environment belong together.",)}

#: Said of a secret's empty field where one had been typed.
TYPED_AGAIN = "Enter the secret again: it is never kept in a page."
CHANGED = (
    "Somebody else changed this account's key meanwhile: look at it below. If yours is the newer"
    " one, enter its secret and send it again."
)
CHANGED_BEFORE_SAID = "Somebody else changed this account's key meanwhile. Load this page again."
OTHER_ACCOUNT = (
    "This key belongs to another Qredo account than the key before it, and would mix two histories."
    " Add it as an account of its own."
)


class ReplaceKeyForm(KeyForm):
    """A new key in place of the one that was active when the form was shown."""

    replaces = forms.UUIDField(
        required=False,
        widget=UidInput,
        error_messages={"invalid": "Load this page again."},
    )

    #: Whether the key is in place.
    is_done = False

    def __init__(self, account: Account, data: Any = None, **options: Any) -> None:
        self.account = account
        active = ApiKey.objects.filter(account=account, replaced_at=None).first()
        # Until somebody says otherwise, the next key sees what the one before it saw.
        initial = {"replaces": active.uid if active else None, "wallets": said_of_newest(account)}
        super().__init__(data, initial=initial, **options)

    def clean_api_key(self) -> str:
        """Refuse a key that another account of the same owner has."""
        key_id = super().clean_api_key()
        siblings = Account.objects.filter(
            organization=self.account.organization_id,
            owner=self.account.owner_id,
            environment=self.account.environment,
            is_demo=self.account.is_demo,
        ).exclude(pk=self.account.pk)
        twin = siblings.filter(keys__key_id=key_id, keys__replaced_at=None).first()
        if twin is not None:
            raise forms.ValidationError(
                f"This key is in use already, for the account {twin.label}."
            )
        return key_id

    @property
    def instead_of(self) -> UUID | None:
        """The key that its sender saw as the active one."""
        found: UUID | None = self.cleaned_data["replaces"]
        return found

    @property
    def candidate(self) -> Candidate:
        """The key, ready to be tested where the account's keys are."""
        cleaned = self.cleaned_data
        return Candidate(
            cleaned["api_key"],
            cleaned["api_secret"],
            Environment(self.account.environment),
            simulated=self.account.is_demo,
            wallets=self.chosen_wallets,
        )

    def was_done_by(self, user: Any) -> bool:
        """Whether this very key became the active one by the same person: the form came twice."""
        return ApiKey.objects.filter(
            account=self.account,
            replaced_at=None,
            key_id=self.cleaned_data["api_key"],
            created_by=user,
        ).exists()

    def overtaken(self) -> None:
        """Say that the key was changed meanwhile, and let the next sending replace that one."""
        self.add_error(None, CHANGED)
        active = ApiKey.objects.filter(account=self.account, replaced_at=None).first()
        typed = {name: self.data[name] for name in self.data}
        self.data = typed | {self.add_prefix("replaces"): str(active.uid) if active else ""}


class DeclareForm(WalletsForm):
    """What an account's key sees, said of the key that was active when the form was shown."""

    of = forms.UUIDField(widget=UidInput, error_messages={"invalid": "Load this page again."})

    @classmethod
    def about(cls, key: ApiKey) -> "DeclareForm":
        """Return the form as it stands."""
        return cls(initial={"of": key.uid, "wallets": said_of_newest(key.account)})
