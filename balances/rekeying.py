"""An account's next key: tested first, then put in place of the one before; or none for now."""

from uuid import UUID

from accounts import enrolment
from accounts.audit.recording import together
from accounts.enrolment import Candidate
from accounts.models import Account, User
from balances import refreshing, scheduling
from balances.models import Refresh


def replace_key(
    candidate: Candidate, account: Account, *, instead_of: UUID | None, by: User
) -> Refresh | None:
    """Replace an account's key, and ask for a poll with the new one if the account is polled.

    Raise `qredo.QredoError`, `enrolment.KeyChangedError` or `enrolment.OtherAccountError`; then the
    key before it goes on.
    """
    enrolment.test_key(candidate)
    behind = enrolment.account_behind(candidate)
    with together():
        enrolment.replace_key(
            candidate, account, instead_of=instead_of, by=by, qredo_account=behind
        )
        scheduling.key_replaced(account)
        account.refresh_from_db(fields=["paused_at", "archived_at", "keyless_at"])
        return refreshing.ask(account, by=by) if account.is_polled else None


def revoke_key(account: Account, *, by: User | None) -> bool:
    """Erase an account's key, which is polled again with a new one; return whether it had one."""
    with together():
        if not enrolment.revoke_key(account, by=by):
            return False
        scheduling.key_revoked(account, by=by)
    return True
