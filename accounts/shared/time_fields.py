"""Fields of forms that take a time."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.shared.local_time import local_instant


class LocalInstantField(forms.CharField):
    """A local time in the reader's zone."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"})

    def clean(self, value: Any) -> datetime | None:
        """Return the instant, or nothing where nothing was typed."""
        text = super().clean(value)
        try:
            return local_instant(text) if text else None
        except ValueError:
            raise ValidationError("Give a time as year-month-day hour:minute.") from None
