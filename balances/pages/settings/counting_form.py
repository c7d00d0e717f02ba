"""The form that lets an account count in totals, or not."""

from datetime import datetime, timedelta
from typing import Any

from django import forms

from accounts.models import Account
from accounts.shared.local_time import exact
from accounts.shared.time_fields import LocalInstantField
from balances.core.instants import TICK
from balances.ledger import schedules
from balances.lifecycle import ownership

_MINUTE = timedelta(minutes=1)


class CountingForm(forms.Form):
    """Whether it counts, and since when; nothing is now."""

    counted = forms.ChoiceField(
        label="In totals",
        choices=[("yes", "It counts"), ("no", "It does not count")],
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose one of the two."},
    )
    since = LocalInstantField(required=False, max_length=40)

    def __init__(self, account: Account, zone: str, data: Any = None) -> None:
        super().__init__(data)
        self.began_at = ownership.owned_since(account)
        self.fields["since"].help_text = (
            f"In your time zone, {zone}; empty means from now on. A time in the past changes totals"
            f" and charts since then, at the earliest since {exact(self.began_at)}. An hour that"
            " comes twice means its first; one that daylight saving skips means as much later."
        )

    def clean_since(self) -> datetime | None:
        """Refuse what lies outside the owner's time with the account."""
        at: datetime | None = self.cleaned_data["since"]
        if at is None:
            return None
        if at > schedules.clock():
            raise forms.ValidationError("This time lies in the future. Leave it empty for now.")
        if at <= self.began_at - _MINUTE:
            raise forms.ValidationError(
                f"The account is its owner's since {exact(self.began_at)}. Give a later time."
            )
        # Typed times have no seconds: within the first minute the beginning is meant.
        return max(at, self.began_at + TICK)

    @property
    def is_counted(self) -> bool:
        """What was chosen."""
        return bool(self.cleaned_data["counted"] == "yes")

    @property
    def since_text(self) -> str:
        """Since when, as its sender is told."""
        at = self.cleaned_data["since"]
        return "from now on" if at is None else f"since {exact(at)}"
