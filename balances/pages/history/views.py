"""The History page and its file."""

import csv

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts.audit import objects
from accounts.audit.objects import Thing
from accounts.audit.recording import record, together
from accounts.audit.vocabulary import Facts
from accounts.chain.hash_chain import written
from accounts.shared.csv_cells import BYTE_ORDER_MARK, CSV_TYPE
from accounts.shared.http import Request
from balances.pages.as_of.decorators import of_instant, part_of_instant
from balances.pages.as_of.instant import AsOf
from balances.pages.as_of.responses import whole
from balances.pages.history import page as screens
from balances.pages.query.list_query import Query


@require_safe
@of_instant
def page(request: Request, asked: AsOf) -> HttpResponse:
    """Show totals and accounts as of an instant, or ask for one."""
    shown = screens.history_page(request.user, _query(request, asked), asked)
    return whole(request, asked, "history/page.html", shown)


@require_safe
@part_of_instant
def as_csv(request: Request, asked: AsOf) -> HttpResponse:
    """Return every account and asset as of an instant, by default now, as a file."""
    query = _query(request, asked)
    if request.method == "GET":
        _record(request, query, asked)
    response = HttpResponse(BYTE_ORDER_MARK, content_type=CSV_TYPE)
    name = f"balances-{asked.at:%Y%m%dT%H%M%SZ}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    csv.writer(response).writerows(screens.csv_rows(request.user, query, asked))
    return response


def _record(request: Request, query: Query, asked: AsOf) -> None:
    """Tell everybody whose accounts are in the file: their owners of that time."""
    found = objects.logs_of_tenures(screens.tenures(request.user, query, asked))
    with together():
        for log, count in found.items():
            told: Facts = {"format": "csv", "at": written(asked.at), "accounts": count}
            record("export.history", Thing("history", "", "", log), by=request.user, after=told)


def _query(request: Request, asked: AsOf) -> Query:
    return Query.of(asked.kept(request.GET.dict()), request.GET.getlist("open"))
