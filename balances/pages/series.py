"""Points of charts: as JSON for drawing, as CSV for keeping."""

import csv
from collections import Counter
from collections.abc import Sequence

from django.http import HttpResponse, JsonResponse
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from accounts.access import visible_to
from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.audit.vocabulary import Facts
from accounts.links import written
from accounts.models import Account, User
from accounts.requests import Request
from balances import charts
from balances.as_of_query import AsOf
from balances.charts import Subject
from balances.overview import Query, asked_for
from balances.pages.asking import account_part_of_instant, part_of_instant
from balances.portfolio import Kind, members_at
from balances.ranges import Range
from balances.scopes import Scope

#: No asset's name is longer; a longer query is cut before it reaches the database.
LONGEST_ASSET = 128


@require_safe
@part_of_instant
def of_all(request: Request, asked: AsOf) -> HttpResponse:
    """Return the points of one asset over all current accounts."""
    return _drawing(request, _asked(request, _all(request, asked), asked, is_total=True))


@require_safe
@part_of_instant
def of_all_csv(request: Request, asked: AsOf) -> HttpResponse:
    """Return the same as a file."""
    return _file(request, _asked(request, _all(request, asked), asked, is_total=True), asked)


def _all(request: Request, asked: AsOf) -> list[Account]:
    query = Query.of(request.GET.dict())
    if not asked.is_past:
        return list(asked_for(visible_to(request.user), query))
    then = members_at(Scope(request.user, query.narrowing), asked.at)
    return [member.account for member in then if not member.is_archived]


@account_part_of_instant
@require_safe
def of_one(request: Request, account: Account, asked: AsOf) -> HttpResponse:
    """Return the points of one asset in one account."""
    return _drawing(request, _asked(request, [account], asked))


@account_part_of_instant
@require_safe
def of_one_csv(request: Request, account: Account, asked: AsOf) -> HttpResponse:
    """Return the same as a file."""
    return _file(request, _asked(request, [account], asked), asked)


def _drawing(request: Request, asked: tuple[Subject, Range]) -> HttpResponse:
    of, shown = asked
    if shown.error:
        return JsonResponse({"error": shown.error}, status=400)
    return JsonResponse(charts.drawing(of, shown, request.user.time_zone))


def _file(request: Request, wanted: tuple[Subject, Range], asked: AsOf) -> HttpResponse:
    of, shown = wanted
    if shown.error:
        return HttpResponse(shown.error, status=400, content_type="text/plain; charset=utf-8")
    if request.method == "GET":
        _record(request.user, of, shown, asked)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"{slugify(of.asset) or 'asset'}-{shown.start:%Y%m%d}-{shown.end:%Y%m%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    csv.writer(response).writerows(charts.csv_rows(of, shown))
    return response


def _record(by: User, of: Subject, shown: Range, asked: AsOf) -> None:
    """Tell everybody whose accounts are in a file, each of theirs alone."""
    start, end = written(shown.start), written(shown.end)
    with together():
        for log, count in _logs(by, of, asked).items():
            told: Facts = {"format": "csv", "from": start, "to": end, "accounts": count}
            record("export.chart", objects.asset(of.asset, log), by=by, after=told)


def _logs(by: User, of: Subject, asked: AsOf) -> Counter[str]:
    """Return how many accounts of a file are whose affair: that of their owners of the time."""
    if not asked.is_past:
        return objects.logs_of(of.accounts)
    return objects.logs_of_tenures(Scope(by, only=frozenset(of.ids)).at(asked.at))


def _asked(
    request: Request, accounts: Sequence[Account], asked: AsOf, *, is_total: bool = False
) -> tuple[Subject, Range]:
    query = request.GET.dict()
    kind: Kind = "testnet" if query.get("kind") == "testnet" else "production"
    asset = query.get("asset", "")[:LONGEST_ASSET].replace("\0", "")
    of = charts.subject(request.user, accounts, asset, kind, is_total=is_total)
    return of, charts.range_for(of, query, asked.at)
