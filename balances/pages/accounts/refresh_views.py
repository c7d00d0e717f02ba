"""Refresh all accounts that a page shows. By POST, without a script too."""

from functools import partial
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.shared.buttons import by_button
from accounts.shared.http import Request
from balances.pages.accounts.page import shown_accounts
from balances.pages.query.list_query import Query
from balances.polling import refresh_batches
from balances.tasks import send_waiting

_PAGES = ("overview", "accounts")


@by_button("Refresh all", page="accounts")
def page(request: Request) -> HttpResponse:
    """Ask for a refresh of what the page named in the query shows, then lead back to it."""
    asked = {name: text for name, text in request.GET.dict().items() if name != "from"}
    name = request.GET.get("from", "")
    place = name if name in _PAGES else "accounts"
    accounts = shown_accounts(request.user, Query.of(asked))
    with transaction.atomic():
        batch = refresh_batches.ask_all(accounts, by=request.user)
        transaction.on_commit(partial(send_waiting))
    if batch is None:
        messages.error(request, "None of these accounts can be refreshed by you now.")
    return redirect(f"{reverse(place)}?{urlencode(asked)}" if asked else reverse(place))
