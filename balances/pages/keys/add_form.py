"""The form that adds an account. The secret is checked as typed and never rendered again."""

from typing import Any

from django import forms

from accounts.access.roles import organizations_administered_by
from accounts.enrolment import Candidate
from accounts.models import Account, Environment, Organization, User
from accounts.signing import new_accounts_are_demo
from accounts.words import plain_words, tidy
from balances.pages.keys.forms import KeyForm

#: Value of the owner field for one's own account; organizations are named by their uid.
PERSONAL = "personal"


class AddAccountForm(KeyForm):
    """Label, owner, environment, key id and secret, and what the key sees."""

    field_order = ("label", "owner", "environment", "api_key", "api_secret", "wallets")

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
            is_demo=self._is_demo(cleaned.get("environment", "")),
        ).first()
        if twin is not None:
            self.add_error("api_key", f"This key is in use already, for the account {twin.label}.")
        return cleaned

    def _is_demo(self, environment: str) -> bool:
        """Whether an account of this environment is a demo account; in doubt it is not."""
        if environment not in Environment.values:
            return False
        return new_accounts_are_demo(Environment(environment))

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
        return Candidate(
            cleaned["api_key"],
            cleaned["api_secret"],
            Environment(cleaned["environment"]),
            wallets=self.chosen_wallets,
        )
