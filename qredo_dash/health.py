"""Whether this process can serve: it answers and reaches the database. Says nothing else."""

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
def page(_request: HttpRequest) -> HttpResponse:
    """Answer 200 with the word ok; the database being gone shows as an error."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")
