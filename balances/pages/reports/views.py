"""Reports: statements as of a cut-off, as pages and files, and the program that checks these."""

from io import TextIOWrapper
from tempfile import TemporaryFile
from typing import IO

from django.conf import settings
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.shared.http import Request
from balances.evidence.statements import json_file
from balances.evidence.statements.audit import told_to_owners
from balances.evidence.statements.request import Asked
from balances.ledger import schedules
from balances.pages.reports.cutoffs import BadCutoffError, request_of
from balances.pages.reports.form import reports_page
from balances.pages.reports.page import statement_page

VERIFIER = settings.BASE_DIR / "docs" / "verify_statement.py"


@require_safe
def page(request: Request) -> HttpResponse:
    """Show the form, or lead on to the statement that it asks for."""
    if not {"at", "date"} & request.GET.keys():
        return _form(request)
    try:
        asked = _asked(request)
    except BadCutoffError as error:
        return _form(request, str(error))
    return redirect(f"{reverse('statement')}?{asked.query}")


@require_safe
def statement(request: Request) -> HttpResponse:
    """Show a statement, ready to be printed."""
    try:
        asked = _asked(request)
    except BadCutoffError as error:
        return _form(request, str(error))
    shown, tenures = statement_page(asked)
    if request.method == "GET":
        told_to_owners("statement.viewed", asked, tenures)
    return render(request, "reports/statement.html", {"page": shown})


@require_safe
def as_json(request: Request) -> HttpResponseBase:
    """Hand out a statement with its evidence."""
    try:
        asked = _asked(request)
    except BadCutoffError as error:
        return HttpResponse(str(error), status=400, content_type="text/plain; charset=utf-8")
    if request.method == "HEAD":
        return HttpResponse(content_type="application/json")
    name = f"statement-{asked.at:%Y%m%dT%H%M%SZ}.json"
    return FileResponse(_written(asked), as_attachment=True, filename=name)


def _written(asked: Asked) -> IO[bytes]:
    """Return the finished file, once it is on record who was given it."""
    kept = TemporaryFile()  # noqa: SIM115 - the answer closes it
    text = TextIOWrapper(kept, encoding="utf-8")
    tenures = json_file.write(asked, text)
    text.detach()
    told_to_owners("statement.exported", asked, tenures, format="json")
    kept.seek(0)
    return kept


@require_safe
def verifier(request: Request) -> HttpResponse:  # noqa: ARG001 - the same for everybody
    """Hand out the program that checks a statement away from this one."""
    response = HttpResponse(VERIFIER.read_bytes(), content_type="text/x-python; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{VERIFIER.name}"'
    return response


def _asked(request: Request) -> Asked:
    return request_of(request.user, request.GET.dict(), schedules.clock())


def _form(request: Request, error: str = "") -> HttpResponse:
    shown = reports_page(request.user, request.GET.dict(), schedules.clock(), error)
    status = 422 if error else 200
    return render(request, "reports/page.html", {"page": shown}, status=status)
