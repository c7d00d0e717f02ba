"""Whether an account counts in totals. For those who administer it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access.decorators import in_scope
from accounts.access.roles import ADMINISTER, require
from accounts.models import Account
from accounts.shared.http import Request
from balances.lifecycle import ownership
from balances.pages.settings.counting import WORDS, counting_page
from balances.pages.settings.counting_form import CountingForm


@in_scope
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: Request, account: Account) -> HttpResponse:
    """Show whether and since when an account counts, and the form that decides it."""
    require(request.user, account, ADMINISTER)
    typed = request.POST if request.method == "POST" else None
    form = CountingForm(account, request.user.time_zone, typed)
    if form.is_valid() and _decided(form, request, account):
        return redirect("account", uid=account.uid)
    context = {"form": form, "page": counting_page(request.user, account)}
    return render(request, "settings/counting.html", context, status=422 if form.errors else 200)


def _decided(form: CountingForm, request: Request, account: Account) -> bool:
    counted, seen = form.is_counted, (account.organization_id, account.owner_id)
    at = form.cleaned_data["since"]
    try:
        changed = ownership.count(account, counted=counted, by=request.user, at=at, taken_from=seen)
    except ownership.BadTurnError as error:
        form.add_error("since", str(error))
        return False
    word = WORDS[counted].lower()
    said = f"{account.label} {word} in totals {form.since_text}."
    messages.success(request, said if changed else f"{said} It was so before.")
    return True
