"""Forms about one account: its label and tags, who else reads it, whose it is."""

from typing import Any

from django import forms
from django.db.models.functions import Lower

from accounts.access.roles import organizations_administered_by
from accounts.models import Account, Organization, User
from accounts.words import plain_words, tidy

#: Value of the owner field for one's own account; organizations are named by their uid.
PERSONAL = "personal"

MOST_TAGS, LONGEST_TAG = 12, 32


class DetailsForm(forms.Form):
    """What an account is called and grouped by."""

    label = forms.CharField(
        max_length=80, validators=[plain_words], help_text="What you call this account."
    )
    tags = forms.CharField(
        max_length=1000,
        required=False,
        validators=[plain_words],
        help_text="Words to group and filter accounts by, separated by commas.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    @classmethod
    def of(cls, account: Account) -> "DetailsForm":
        """Return the form as the account stands."""
        tags = ", ".join(account.tags.order_by(Lower("name")).values_list("name", flat=True))
        return cls(initial={"label": account.label, "tags": tags})

    def clean_label(self) -> str:
        """Put white space in order."""
        label = tidy(self.cleaned_data["label"])
        if not label:
            raise forms.ValidationError("Give the account a label.")
        return label

    def clean_tags(self) -> list[str]:
        """Return the tags, each once whatever its case."""
        typed = [tidy(word) for word in self.cleaned_data["tags"].split(",")]
        once = {word.casefold(): word for word in typed if word}
        if len(once) > MOST_TAGS:
            raise forms.ValidationError(f"Give at most {MOST_TAGS} tags.")
        for word in once.values():
            if len(word) > LONGEST_TAG:
                raise forms.ValidationError(
                    f"A tag has at most {LONGEST_TAG} characters: shorten “{word[:LONGEST_TAG]}…”."
                )
        return list(once.values())


class ShareForm(forms.Form):
    """The address to which reading is offered."""

    email = forms.EmailField(
        label="E-mail",
        max_length=254,
        help_text="Who signs in with this address may accept. They see balances and history,"
        " no more.",
    )


class TransferForm(forms.Form):
    """Whom an account is given to: one of the owners to whom the giver may add accounts."""

    owner = forms.ChoiceField(
        label="New owner",
        help_text="Its people see the account from now on.",
        error_messages={"invalid_choice": "Choose an owner from the list."},
    )

    def __init__(self, user: User, account: Account, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user
        self.organizations = {
            str(found.uid): found
            for found in organizations_administered_by(user)
            if found.pk != account.organization_id
        }
        choices = [(uid, found.name) for uid, found in self.organizations.items()]
        if not account.is_personal:
            choices.append((PERSONAL, "Me (personal account)"))
        self.fields["owner"].choices = choices  # type: ignore[attr-defined] # a ChoiceField

    @property
    def has_choice(self) -> bool:
        """Whether there is anybody to give the account to."""
        return bool(self.fields["owner"].choices)  # type: ignore[attr-defined] # a ChoiceField

    @property
    def chosen_owner(self) -> User | Organization:
        """Whom the account is going to belong to."""
        return self.organizations.get(self.cleaned_data["owner"], self.user)
