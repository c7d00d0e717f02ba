"""What a reader of a log looks for, as plain query parameters."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django import forms

from accounts.audit.reading import Wanted
from accounts.audit.vocabulary import VOCABULARY
from accounts.shared.time_fields import LocalInstantField

_ACTS = [("", "Every act"), *((act, word.label) for act, word in VOCABULARY.items())]
_LARGEST = 2**63 - 1


class FilterForm(forms.Form):
    """Person, act, object, from and to; `before` is where the page before this one ended."""

    person = forms.CharField(required=False, max_length=254)
    act = forms.ChoiceField(
        required=False,
        choices=_ACTS,
        error_messages={"invalid_choice": "Choose an act from the list."},
    )
    thing = forms.CharField(required=False, max_length=254, label="What it was done to")
    start = LocalInstantField(required=False, label="From")
    end = LocalInstantField(required=False, label="To")
    before = forms.IntegerField(
        required=False, min_value=1, max_value=_LARGEST, widget=forms.HiddenInput
    )

    def __init__(self, query: Mapping[str, str]) -> None:
        super().__init__(query, auto_id="filter-%s")

    def add_prefix(self, field_name: str) -> str:
        """Return a field's name in addresses: the words that Python has taken already."""
        return {"start": "from", "end": "to", "thing": "object"}.get(field_name, field_name)

    def clean(self) -> dict[str, Any]:
        """Refuse a stretch of time that holds nothing."""
        told = self.cleaned_data
        start, end = told.get("start"), told.get("end")
        if start is not None and end is not None and start >= end:
            self.add_error("start", "From has to be earlier than To.")
        return told

    @property
    def wanted(self) -> Wanted:
        """What a valid form asks for."""
        return Wanted(**self.cleaned_data)

    @property
    def told(self) -> dict[str, str]:
        """The limits as they were typed, of the fields that say something."""
        names = [self.add_prefix(name) for name in self.fields if name != "before"]
        return {name: self.data[name] for name in names if self.data.get(name)}

    def query(self, key: str, **more: object) -> str:
        """Return the query of an address that asks a log for the same."""
        return urlencode({"organization": key, **self.told, **more})
