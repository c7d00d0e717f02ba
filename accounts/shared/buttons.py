"""Acts that stand on a page of another address: sent by a button there, and by nothing else."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import reverse

View = TypeVar("View", bound=Callable[..., HttpResponse])


def by_button(words: str, *, page: str) -> Callable[[View], View]:
    """Take an act by POST alone; lead whoever opens its address to the page with its button.

    That is where a sign-in leads that came between the button and the act.
    """

    def decorated(view: View) -> View:
        @wraps(view)
        def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "POST":
                return view(request, *args, **kwargs)
            if request.method not in {"GET", "HEAD"}:
                return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
            return _to_button(request, words, page)

        return asked  # type: ignore[return-value] # wraps keeps the signature

    return decorated


def _to_button(request: HttpRequest, words: str, page: str) -> HttpResponse:
    if request.method == "GET":
        messages.warning(request, f"Nothing was done yet. Press “{words}” again.")
    assert request.resolver_match is not None  # noqa: S101 - a view was found
    return redirect(reverse(page, kwargs=request.resolver_match.kwargs))
