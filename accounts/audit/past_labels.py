"""What a reader may call an account of the past: its label of today is its readers' of today."""

from collections.abc import Collection, Sequence

from django.db.models import QuerySet

from accounts.access.querysets import tenures_of, visible_to
from accounts.audit.objects import log_of_owner
from accounts.models import Account, Act, Tenure, User

TRANSFERRED = "account.transferred"


def name_as_known(user: User, tenures: Sequence[Tenure]) -> set[int]:
    """Let the accounts of tenures have no label but one that the reader knows; nothing is saved.

    One that was given away is called what it was called then. Return the ids of those that the
    reader sees today still.
    """
    ids = [tenure.account_id for tenure in tenures]
    seen = set(visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))
    gone = [tenure for tenure in tenures if tenure.account_id not in seen]
    told = _told(gone) if gone else {}
    for tenure in gone:
        account = tenure.account
        account.label = told.get((_log_of(tenure), str(account.uid)), _nameless(account))
    return seen


def known_labels(user: User, ids: Collection[int], tenures: QuerySet[Tenure]) -> dict[int, str]:
    """Return the labels that a reader knows of accounts: today's, unless they were given away.

    Of those the tenures are looked up, of which each has one among `tenures`.
    """
    seen = dict(visible_to(user).filter(pk__in=ids).values_list("pk", "label"))
    if len(seen) == len(ids):
        return seen
    gone = list(tenures.filter(account__in=set(ids) - seen.keys()))
    name_as_known(user, gone)
    return seen | {tenure.account_id: tenure.account.label for tenure in gone}


def as_known(user: User, account: Account) -> str:
    """Return what somebody who saw an account at some time may call it."""
    own = (
        tenures_of(user).filter(account=account).select_related("account", "organization", "owner")
    )
    newest = own.latest("began_at")
    name_as_known(user, [newest])
    return newest.account.label


def _told(tenures: Sequence[Tenure]) -> dict[tuple[str, str], str]:
    """Return the labels that accounts had when they were given away, by log and uid."""
    acts = Act.objects.filter(
        log__in={_log_of(tenure) for tenure in tenures},
        object_uid__in=[str(tenure.account.uid) for tenure in tenures],
        act=TRANSFERRED,
    ).order_by("at")
    rows = acts.values_list("log", "object_uid", "object_label")
    return {(log, uid): label for log, uid, label in rows}


def _log_of(tenure: Tenure) -> str:
    owner = tenure.organization or tenure.owner
    assert owner is not None  # noqa: S101 - personal xor organizational
    return log_of_owner(owner)


def _nameless(account: Account) -> str:
    return f"Account {str(account.uid)[:8]}"
