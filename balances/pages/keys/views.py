"""An account's key: what it is and sees, replacing it, revoking it. For those who administer it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.access.decorators import in_scope
from accounts.access.roles import ADMINISTER, require
from accounts.authentication.reauthentication import needs_confirmation
from accounts.enrolment import KeyChangedError, declare
from accounts.models import Account, ApiKey, User, Wallets
from accounts.shared.http import Request
from balances.lifecycle import keys
from balances.pages.components import overlap_text
from balances.pages.keys.forms import CHANGED_BEFORE_SAID, DeclareForm, ReplaceKeyForm
from balances.pages.keys.page import key_page
from balances.pages.keys.replace import replace_all

#: The page that one is led to still shows how the key before fared.
UNTIL_POLLED = "The state below is of the key before it, until a poll with the new one ends."


@sensitive_post_parameters("api_secret")
@in_scope
@require_http_methods(["GET", "HEAD", "POST"])
@needs_confirmation
def page(request: Request, account: Account) -> HttpResponse:
    """Show an account's keys and the form that replaces the active one."""
    require(request.user, account, ADMINISTER)
    form = ReplaceKeyForm(account, request.POST if request.method == "POST" else None)
    if form.is_valid() and _replaced(form, request.user):
        said = f"{account.label} has a new API key; it answered. {UNTIL_POLLED}"
        messages.success(request, said)
        if warned := overlap_text.warning(request.user, account):
            messages.warning(request, warned)
        return redirect("account", uid=account.uid)
    context = {"form": form, "page": key_page(account)}
    return render(request, "keys/page.html", context, status=422 if form.errors else 200)


def _replaced(form: ReplaceKeyForm, by: User) -> bool:
    replace_all([form], by=by)
    return form.is_done


@in_scope
@require_http_methods(["GET", "HEAD", "POST"])
@needs_confirmation
def wallets(request: Request, account: Account) -> HttpResponse:
    """Show and change what an account's key is said to see."""
    require(request.user, account, ADMINISTER)
    active = ApiKey.objects.filter(account=account, replaced_at=None).first()
    if active is None:
        return redirect("account-key", uid=account.uid)
    form = DeclareForm(request.POST) if request.method == "POST" else DeclareForm.about(active)
    if form.is_valid() and _declared(form, request, account):
        return redirect("account", uid=account.uid)
    context = {"form": form, "account": account, "key": active}
    return render(request, "keys/wallets.html", context, status=422 if form.errors else 200)


def _declared(form: DeclareForm, request: Request, account: Account) -> bool:
    chosen = form.chosen_wallets
    try:
        changed = declare(account, chosen, of=form.cleaned_data["of"], by=request.user)
    except KeyChangedError:
        form.add_error(None, CHANGED_BEFORE_SAID)
        return False
    said = f"The API key of {account.label} is said to see {Wallets(chosen).label.lower()}"
    messages.success(request, f"{said} from now on." if changed else f"{said}, as before.")
    return True


@in_scope
@require_http_methods(["GET", "HEAD", "POST"])
@needs_confirmation
def revoke(request: Request, account: Account) -> HttpResponse:
    """Erase an account's key, after asking once."""
    require(request.user, account, ADMINISTER)
    if request.method == "POST":
        if keys.revoke_key(account, by=request.user):
            messages.success(request, f"The API key of {account.label} is revoked and erased.")
        return redirect("account", uid=account.uid)
    context = {
        "title": f"Revoke the API key of {account.label}?",
        "text": "Its secret is erased here and the account is not polled until it has a new key. "
        "Its history stays. Qredo still knows the key: delete it in Qredo's web app too.",
        "action_url": reverse("account-key-revoke", args=[account.uid]),
        "button": "Revoke and erase",
        "confirmed": True,
        "cancel_url": reverse("account-key", args=[account.uid]),
    }
    return render(request, "components/confirm.html", context)
