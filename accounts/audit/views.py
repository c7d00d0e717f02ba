"""The audit log's page and its files."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.audit import exporting, reading
from accounts.audit.context import audit_page
from accounts.audit.forms import FilterForm
from accounts.audit.objects import Thing
from accounts.audit.reading import Log
from accounts.audit.recording import record
from accounts.models import Act, User
from accounts.shared.csv_cells import CSV_TYPE
from accounts.shared.http import Request

Written = Callable[[QuerySet[Act]], Iterator[str]]


@require_safe
def page(request: Request) -> HttpResponse:
    """Show a log that the reader may read, newest acts first."""
    log = reading.chosen(request.user, request.GET.get("organization", ""))
    form = FilterForm(request.GET.dict())
    shown = audit_page(log, reading.readable(request.user), form)
    status = 422 if form.errors else 200
    return render(request, "accounts/audit.html", {"page": shown}, status=status)


@require_safe
def as_csv(request: Request) -> HttpResponseBase:
    """Return the same acts as a file for a spreadsheet."""
    return _file(request, "csv", CSV_TYPE, exporting.as_csv)


@require_safe
def as_json(request: Request) -> HttpResponseBase:
    """Return the same acts as a file for programs."""
    return _file(request, "json", "application/json", exporting.as_json)


def _file(request: Request, ending: str, kind: str, written: Written) -> HttpResponseBase:
    log = reading.chosen(request.user, request.GET.get("organization", ""))
    form = FilterForm(request.GET.dict())
    if not form.is_valid():
        text = form.errors.as_text()
        return HttpResponse(text, status=400, content_type="text/plain; charset=utf-8")
    if request.method == "HEAD":
        return HttpResponse(content_type=kind)
    # What the file is about to say was said before it was asked for.
    newest = reading.newest(log)
    _record(request.user, log, form, ending)
    wanted = form.wanted
    found = reading.acts(log, replace(wanted, before=min(wanted.before or newest + 1, newest + 1)))
    return StreamingHttpResponse(
        written(found),
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="audit.{ending}"'},
    )


def _record(by: User, log: Log, form: FilterForm, ending: str) -> None:
    about = Thing("log", log.key, log.title, log.name)
    record("export.audit", about, by=by, after={"format": ending, **form.told})
