"""Points of charts: as JSON for drawing, as CSV for keeping. Every change as CSV, too."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping

from django.db.models import Q
from django.http import HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.audit.vocabulary import Facts
from accounts.chain.hash_chain import written
from accounts.models import Account, Tenure
from accounts.shared.csv_cells import BYTE_ORDER_MARK, CSV_TYPE
from accounts.shared.http import Request
from balances.core import sql
from balances.core.assets import Kind
from balances.pages.as_of.decorators import account_part_of_instant, part_of_instant
from balances.pages.as_of.instant import AsOf
from balances.pages.charts import chart, drawing
from balances.pages.charts import export as charts_export
from balances.pages.charts import subject as charts_subject
from balances.pages.charts.ranges import Range
from balances.pages.charts.subject import Subject
from balances.pages.query.page_query import LONGEST_ASSET
from balances.portfolio.filters import Narrowing
from balances.portfolio.scope import Scope


@require_safe
@part_of_instant
def of_all(request: Request, asked: AsOf) -> HttpResponse:
    """Return the points of one asset over all accounts that count."""
    with sql.one_view():  # which accounts are in it and what they held belong together
        return _drawing(request, *_all(request, asked))


@require_safe
@part_of_instant
def of_all_csv(request: Request, asked: AsOf) -> HttpResponseBase:
    """Return the same as a file."""
    return _file(request, lambda: _all(request, asked))


@account_part_of_instant
@require_safe
def of_one(request: Request, account: Account, asked: AsOf) -> HttpResponse:
    """Return the points of one asset in one account."""
    with sql.one_view():
        return _drawing(request, *_one(request, account, asked))


@account_part_of_instant
@require_safe
def of_one_csv(request: Request, account: Account, asked: AsOf) -> HttpResponseBase:
    """Return the same as a file."""
    return _file(request, lambda: _one(request, account, asked))


def _all(request: Request, asked: AsOf) -> tuple[Subject, Range]:
    scope = Scope(request.user, Narrowing.of(request.GET.dict()))
    return _asked(request, scope, asked, is_total=True)


def _one(request: Request, account: Account, asked: AsOf) -> tuple[Subject, Range]:
    scope = Scope(request.user, only=frozenset({account.pk}))
    return _asked(request, scope, asked, is_total=False)


def _asked(request: Request, scope: Scope, asked: AsOf, *, is_total: bool) -> tuple[Subject, Range]:
    query = request.GET.dict()
    kind: Kind = "testnet" if query.get("kind") == "testnet" else "production"
    asset = query.get("asset", "")[:LONGEST_ASSET].replace("\0", "")
    of = charts_subject.subject(scope, asset, kind, is_total=is_total)
    return of, charts_subject.range_for(of, query, asked.at)


def _drawing(request: Request, of: Subject, shown: Range) -> HttpResponse:
    if shown.error:
        return JsonResponse({"error": shown.error}, status=400)
    return JsonResponse(drawing.drawing(of, shown, request.user.time_zone))


def _file(request: Request, look: Callable[[], tuple[Subject, Range]]) -> HttpResponseBase:
    with sql.one_view():
        of, shown = look()
        if shown.error:
            return HttpResponse(shown.error, status=400, content_type="text/plain; charset=utf-8")
        is_whole = request.GET.get("every") == "change"
        logs = objects.logs_of_tenures(_tenures(of, shown))
        response = _every_change(request, of, shown) if is_whole else _points(of, shown)
    if request.method == "GET":
        _record(of, shown, logs)
    what = f"{slugify(of.asset) or 'asset'}{'-changes' if is_whole else ''}"
    name = f"{what}-{shown.start:%Y%m%d}-{shown.end:%Y%m%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _points(of: Subject, shown: Range) -> HttpResponse:
    return HttpResponse("".join(_lines(chart.csv_rows(of, shown))), content_type=CSV_TYPE)


def _every_change(request: Request, of: Subject, shown: Range) -> HttpResponseBase:
    if request.method == "HEAD":
        return HttpResponse(content_type=CSV_TYPE)
    rows = charts_export.change_rows(of, shown.start, shown.end)
    return StreamingHttpResponse(_lines(rows), content_type=CSV_TYPE)


class _Line:
    """What a writer of CSV writes into: it hands every line on."""

    def write(self, line: str) -> str:
        """Return a line as it is."""
        return line


def _lines(rows: Iterable[list[str]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    together = [BYTE_ORDER_MARK]
    for row in rows:
        together.append(writer.writerow(row))
        if len(together) == 500:
            yield "".join(together)
            together.clear()
    yield "".join(together)


def _record(of: Subject, shown: Range, logs: Mapping[str, int]) -> None:
    """Tell everybody whose accounts are in a file, each of theirs alone."""
    start, end = written(shown.start), written(shown.end)
    with together():
        for log, count in logs.items():
            told: Facts = {"format": "csv", "from": start, "to": end, "accounts": count}
            record("export.chart", objects.asset(of.asset, log), by=of.scope.user, after=told)


def _tenures(of: Subject, shown: Range) -> Iterable[Tenure]:
    """Return one tenure of each account and owner within a chart's range."""
    lasts = Q(ended_at__isnull=True) | Q(ended_at__gt=shown.start)
    found = of.scope.tenures().filter(lasts, account__in=of.ids, began_at__lte=shown.end)
    found = found.select_related("organization")
    return {(one.account_id, one.organization_id, one.owner_id): one for one in found}.values()
