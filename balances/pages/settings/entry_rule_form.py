"""The form that records whether an account's entries of one asset are summed."""

from django import forms

from accounts.words import plain_words, tidy


class EntryRuleForm(forms.Form):
    """Summed or not, and why."""

    summed = forms.ChoiceField(
        label="Several entries of one asset",
        choices=[
            ("yes", "Sum the entries: each is another wallet"),
            ("no", "Do not sum them: refuse such an answer"),
        ],
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose one of the two.",
            "invalid_choice": "Choose one of the two.",
        },
    )
    reason = forms.CharField(
        max_length=200,
        validators=[plain_words],
        help_text="In your own words: how you know. It is on record and on the account's page.",
        error_messages={"required": "Say how you know."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_reason(self) -> str:
        """Put white space in order."""
        return tidy(self.cleaned_data["reason"])

    @property
    def is_summed(self) -> bool:
        """What was chosen."""
        return bool(self.cleaned_data["summed"] == "yes")
