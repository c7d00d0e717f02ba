"""Adding an account in the browser."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

import qredo
from accounts.authentication.reauthentication import needs_confirmation
from accounts.labels import LabelTakenError
from accounts.shared.demo_data import MixedDataError
from accounts.shared.http import Request
from balances.lifecycle.onboarding import Added, add_account
from balances.pages.components import overlap_text
from balances.pages.keys.add_form import AddAccountForm


@sensitive_post_parameters("api_secret")
@require_http_methods(["GET", "HEAD", "POST"])
@needs_confirmation
def page(request: Request) -> HttpResponse:
    """Show the form; with a key that answers, keep it and go to the new account."""
    form = AddAccountForm(request.user, request.POST if request.method == "POST" else None)
    added = _added(form, request) if form.is_valid() else None
    if added is None:
        status = 422 if form.errors else 200
        return render(request, "keys/add.html", {"form": form}, status=status)
    account = added.account
    messages.success(request, f"{account.label} is added; its key answered.")
    if added.refused:
        messages.warning(request, f"Its balances are unknown still. {added.refused}")
    if said := overlap_text.warning(request.user, account):
        messages.warning(request, said)
    return redirect(reverse("account", args=[account.uid]))


def _added(form: AddAccountForm, request: Request) -> Added | None:
    try:
        return add_account(
            form.candidate,
            label=form.cleaned_data["label"],
            owner=form.chosen_owner,
            by=request.user,
        )
    except qredo.QredoError as error:
        form.refuse(error)
    except MixedDataError as error:
        form.add_error(None, str(error))
    except LabelTakenError:
        form.add_error("label", "Another account of this owner has this label.")
    return None
