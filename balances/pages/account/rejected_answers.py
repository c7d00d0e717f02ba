"""What was not understood, as an account's page shows it and as its readers may download it."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from accounts.access.querysets import Span, spans_of
from accounts.models import Account, User
from balances.core import number_formats
from balances.models import RejectedAnswer
from balances.pages.account.context import RejectedRow
from balances.pages.components import times
from balances.pages.components.status_text import words_of
from balances.polling import rejected_answers

#: So much of a digest tells two answers apart at a glance.
SHOWN_DIGITS = 12


def seen_by(user: User, account: Account) -> QuerySet[RejectedAnswer]:
    """Return what came while the account was the reader's, the newest first."""
    return _within(account, spans_of(user, [account.pk]).get(account.pk, []))


def rejected_rows(
    account: Account, spans: Sequence[Span], now: datetime, *, may_download: bool
) -> tuple[RejectedRow, ...]:
    """Return the rows of a table; only who may download the bytes gets their addresses."""
    shown = _within(account, spans).defer("body")
    return tuple(_row(account, one, now, may_download=may_download) for one in shown)


def _within(account: Account, spans: Sequence[Span]) -> QuerySet[RejectedAnswer]:
    if not spans:
        return RejectedAnswer.objects.none()
    return rejected_answers.of_account(account, spans[-1][0])


def _row(
    account: Account, one: RejectedAnswer, now: datetime, *, may_download: bool
) -> RejectedRow:
    digest = bytes(one.digest).hex()
    address = reverse("account-rejected", args=[account.uid])
    return RejectedRow(
        at=times.moment(one.last_at, now),
        when=times.short(one.last_at, now),
        reason=words_of(one.reason),
        detail=one.detail,
        size=f"{number_formats.whole(one.size)} bytes",
        digest=digest[:SHOWN_DIGITS],
        url=f"{address}?{urlencode({'digest': digest})}" if may_download else "",
    )
