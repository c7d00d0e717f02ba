"""Labels that stay where they are."""

from django import forms


def plainly_named(form: forms.BaseForm, labels: dict[str, str]) -> None:
    """Give fields their labels, instead of words inside of them that go when one types."""
    for name, label in labels.items():
        field = form.fields[name]
        field.label = label
        field.help_text = ""
        field.widget.attrs.pop("placeholder", None)
