"""What a page offers for all accounts that it lists: refreshing each one that may be."""

from collections import Counter
from collections.abc import Sequence
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import Account, User
from balances.models import Outcome
from balances.pages.accounts.context import RefreshAll
from balances.pages.accounts.listing import Listing
from balances.pages.components.status_text import words_of
from balances.pages.query.list_query import Query
from balances.polling import refresh_batches


def refresh_all(user: User, query: Query, listing: Listing, page: str) -> RefreshAll:
    """Return what a page offers for all accounts that it lists: each one that may be refreshed."""
    found = refreshable(user, query, listing)
    told = refresh_batches.progress(user)
    kept = {name: text for name, text in query.text.items() if name not in {"page", "at"}}
    return RefreshAll(
        count=found.count(),
        url=f"{reverse('refresh-all')}?{urlencode({**kept, 'from': page})}",
        progress=progress_text(told.outcomes) if told else "",
        is_running=told is not None and told.is_running,
    )


def progress_text(outcomes: Sequence[tuple[str, str]]) -> str:
    """Say how many refreshes of a batch were answered, and why others failed."""
    counts = Counter(outcome for outcome, _ in outcomes)
    reasons = Counter(
        words_of(reason) for outcome, reason in outcomes if outcome not in {"", Outcome.FRESH}
    )
    verb = "Refreshing" if counts[""] else "Refreshed"
    failed = ", ".join(f"{count} failed: {reason}" for reason, count in reasons.most_common())
    return (
        f"{verb}: {counts[Outcome.FRESH]} of {len(outcomes)} answered"
        f"{f'; {failed}' if failed else ''}."
    )


def refreshable(user: User, query: Query, listing: Listing) -> QuerySet[Account]:
    """Return the accounts of a list, of all its pages, that somebody may refresh."""
    found = query.narrowing.applied_to(refresh_batches.refreshable(user), user)
    if listing.show == "all" and "incident" not in query.text:
        return found
    return found.filter(pk__in=[member.account.pk for member in listing.through()])
