"""Whether an account's entries of one asset are summed. For those who administer it."""

from functools import partial

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access.decorators import in_scope
from accounts.access.roles import ADMINISTER, require
from accounts.audit.recording import together
from accounts.authentication.reauthentication import needs_confirmation
from accounts.models import Account, User
from accounts.shared.http import Request
from balances.pages.settings.entry_rule import entry_rule_page
from balances.pages.settings.entry_rule_form import EntryRuleForm
from balances.polling import entry_rules, refreshes
from balances.tasks import send_refresh

OWNER_CHANGED = "This account belongs to somebody else by now. Load the page again."


@in_scope
@require_http_methods(["GET", "HEAD", "POST"])
@needs_confirmation
def page(request: Request, account: Account) -> HttpResponse:
    """Show whether entries are summed, and the form that decides it."""
    require(request.user, account, ADMINISTER)
    form = EntryRuleForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _recorded(form, request, account):
        return redirect("account", uid=account.uid)
    context = {"form": form, "page": entry_rule_page(request.user, account)}
    return render(request, "settings/entries.html", context, status=422 if form.errors else 200)


def _recorded(form: EntryRuleForm, request: Request, account: Account) -> bool:
    try:
        changed = _record(account, form.is_summed, form.cleaned_data["reason"], request.user)
    except entry_rules.OwnerChangedError:
        form.add_error(None, OWNER_CHANGED)
        return False
    word = "summed" if form.is_summed else "not summed"
    said = f"Several entries of one asset in answers for {account.label} are {word}"
    messages.success(request, f"{said} from now on." if changed else f"{said}, as before.")
    return True


def _record(account: Account, summed: bool, reason: str, by: User) -> bool:  # noqa: FBT001 - of the form
    with together():
        if not entry_rules.record_rule(account, summed=summed, reason=reason, by=by):
            return False
        if account.is_polled:
            # What the rule means for the figures is seen at once.
            refresh = refreshes.ask(account, by=by)
            transaction.on_commit(partial(send_refresh, refresh.pk))
    return True
