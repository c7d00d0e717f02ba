"""An incident and the keys that mend it. For those who administer the organization."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.access.querysets import open_to
from accounts.access.roles import require_admin_of
from accounts.authentication.reauthentication import needs_confirmation
from accounts.shared.http import Request
from balances.models import Incident
from balances.pages.keys.incident import Rows, incident_page, rows_of
from balances.pages.keys.replace import replace_all


@sensitive_post_parameters()
def page(request: Request, uid: UUID) -> HttpResponse:
    """Answer for an incident of the reader's organizations; others are as good as missing."""
    theirs = Incident.objects.filter(organization__in=open_to(request.user))
    return _page(request, get_object_or_404(theirs.select_related("organization"), uid=uid))


@require_http_methods(["GET", "HEAD", "POST"])
@needs_confirmation
def _page(request: Request, incident: Incident) -> HttpResponse:
    """Show whose keys are rejected, and replace those that new ones are sent for."""
    require_admin_of(request.user, incident.organization)
    sent = request.POST if request.method == "POST" else None
    rows = rows_of(request.user, incident, sent)
    if sent is not None:
        _replace(request, rows)
        if not rows.is_wrong:
            return redirect("incident", uid=incident.uid)
    context = {"page": incident_page(incident, rows), "rows": rows}
    return render(request, "keys/incident.html", context, status=422 if rows.is_wrong else 200)


def _replace(request: Request, rows: Rows) -> None:
    replace_all(rows.valid(), by=request.user)
    for form in rows.typed():
        if form.is_done:
            messages.success(request, f"{form.account.label} has a new API key; it answered.")
