"""Addresses that a request brings along, to be led to afterwards."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def is_path_of_ours(address: str) -> bool:
    """Whether an address is a path of this site: no other host, and no name of a view."""
    return address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)


def way_back(request: HttpRequest, *, otherwise: str) -> str:
    """Return where `next` of a form or a query leads, if that is a path of ours."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    return asked if is_path_of_ours(asked) else otherwise
