"""E-mail addresses as pages show them."""

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def breakable(address: str) -> SafeString:
    """Let an address too long for its place go on after `@` or before a dot, not in a word."""
    text = escape(address).replace("@", "@<wbr>").replace(".", "<wbr>.")
    return mark_safe(text)  # noqa: S308 - escaped
