"""What people decide about one account: its label and tags, who else reads it, whose it is."""

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import sharing
from accounts.access.admin_mails import tell_of_transfer
from accounts.access.decorators import in_scope
from accounts.access.querysets import visible_to
from accounts.access.roles import ADMINISTER, OPERATE, OWNER, NeedsRole, require
from accounts.authentication.reauthentication import needs_confirmation
from accounts.labels import LabelTakenError, relabel
from accounts.models import Account, User
from accounts.shared.buttons import by_button
from accounts.shared.http import Request
from balances.lifecycle import ownership
from balances.pages.settings.forms import DetailsForm, ShareForm, TransferForm


@in_scope
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: Request, account: Account) -> HttpResponse:
    """Show and change an account's label and tags."""
    require(request.user, account, OPERATE)
    form = DetailsForm(request.POST) if request.method == "POST" else DetailsForm.of(account)
    if form.is_valid() and _relabelled(form, account, request.user):
        messages.success(request, "Label and tags are saved.")
        return redirect("account", account.uid)
    return _form(request, "settings/labels.html", form, account)


def _relabelled(form: DetailsForm, account: Account, by: User) -> bool:
    try:
        relabel(account, form.cleaned_data["label"], form.cleaned_data["tags"], by=by)
    except LabelTakenError:
        form.add_error("label", "Another account of this owner has this label.")
        return False
    return True


@in_scope
@require_http_methods(["GET", "HEAD", "POST"])
@needs_confirmation
def shares(request: Request, account: Account) -> HttpResponse:
    """Show who else reads a personal account, and offer it to one more.

    What is said is the same for every address, whether or not anybody signs in with it.
    """
    _require_owner(request, account)
    form = ShareForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and (email := _offered(form, account, request)):
        messages.success(request, f"{account.label} is offered to {email}.")
        return redirect("account-shares", account.uid)
    shares, offers = sharing.shares_of(account), sharing.offers_of(account)
    return _form(request, "settings/shares.html", form, account, shares=shares, offers=offers)


def _offered(form: ShareForm, account: Account, request: Request) -> str:
    if not ratelimit.consume(request, action="offer_account", user=request.user):
        form.add_error(None, "You have made too many offers. Wait an hour, then try again.")
        return ""
    try:
        return sharing.offer(account, form.cleaned_data["email"], by=request.user).email
    except sharing.NotOfferedError as error:
        form.add_error("email", str(error))
        return ""


@in_scope
@by_button("Stop", page="account-shares")
@needs_confirmation
def unshare(request: Request, account: Account) -> HttpResponse:
    """Take an offer or a share back."""
    _require_owner(request, account)
    email = request.POST.get("email", "")[:254].replace("\0", "")
    if sharing.stop(account, email, by=request.user):
        messages.success(request, f"{account.label} is shared with {email} no more.")
    return redirect("account-shares", account.uid)


def _require_owner(request: Request, account: Account) -> None:
    if not account.is_personal:
        # Who reads an organization's account is decided by its members' roles.
        raise NeedsRole(OWNER)
    require(request.user, account, ADMINISTER)


@in_scope
@require_http_methods(["GET", "HEAD", "POST"])
@needs_confirmation
def transfer(request: Request, account: Account) -> HttpResponse:
    """Give an account to another owner."""
    require(request.user, account, ADMINISTER)
    typed = request.POST if request.method == "POST" else None
    form = TransferForm(request.user, account, typed)
    if form.is_valid() and _transferred(form, account, request):
        messages.success(request, f"{account.label} belongs to its new owner from now on.")
        seen = visible_to(request.user).filter(pk=account.pk).exists()
        return redirect("account", account.uid) if seen else redirect("accounts")
    return _form(request, "settings/transfer.html", form, account, is_mailed=settings.MAIL_IS_SENT)


def _transferred(form: TransferForm, account: Account, request: Request) -> bool:
    try:
        seen = account.organization_id, account.owner_id
        ownership.transfer(account, form.chosen_owner, by=request.user, taken_from=seen)
    except ownership.BadTurnError as error:
        form.add_error("owner", str(error))
        return False
    if account.organization is not None:
        tell_of_transfer(account.label, account.organization, to=form.chosen_owner, by=request.user)
    return True


def _form(
    request: Request,
    template: str,
    form: DetailsForm | ShareForm | TransferForm,
    account: Account,
    **more: object,
) -> HttpResponse:
    context = {"form": form, "account": account, **more}
    return render(request, template, context, status=422 if form.errors else 200)
