"""The site's addresses and one more: the floor of every page."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from qredo_dash.urls import urlpatterns as site


def word(_request: HttpRequest) -> HttpResponse:
    """A signed-in view that renders one word."""
    return HttpResponse("word")


handler403 = "qredo_dash.errors.forbidden"
urlpatterns = [*site, path("word/", word)]
