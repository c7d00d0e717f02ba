"""An account's next key: tested first, then put in place of the one before; or none for now."""

from uuid import UUID

from accounts import enrolment
from accounts.audit.recording import together
from accounts.enrolment import Candidate
from accounts.models import Account, User
from accounts.shared.database_clock import Clock
from balances.lifecycle import pausing
from balances.models import Refresh
from balances.polling import refreshes


def replace_key(
    candidate: Candidate, account: Account, *, instead_of: UUID | None, by: User
) -> Refresh | None:
    """Test a key and put it in place. Raise what `tested` and `put_in_place` raise."""
    return put_in_place(candidate, account, tested(candidate), instead_of=instead_of, by=by)


def tested(candidate: Candidate, *, clock_ns: Clock | None = None) -> str:  # noqa: PT028 - no test
    """Test a key; return which account it answers for at Qredo, if it may ask.

    Raise `qredo.QredoError`. With `clock_ns` the database is not touched: many may be tested at
    once.
    """
    enrolment.test_key(candidate, clock_ns=clock_ns)
    return enrolment.account_behind(candidate, clock_ns=clock_ns)


def put_in_place(
    candidate: Candidate, account: Account, behind: str, *, instead_of: UUID | None, by: User
) -> Refresh | None:
    """Store a key that was tested, and ask for a poll with it if the account is polled.

    Raise `enrolment.KeyChangedError` or `enrolment.OtherAccountError`; then the key before it goes
    on.
    """
    with together():
        enrolment.replace_key(
            candidate, account, instead_of=instead_of, by=by, qredo_account=behind
        )
        pausing.key_replaced(account)
        account.refresh_from_db(fields=["paused_at", "archived_at", "keyless_at"])
        return refreshes.ask(account, by=by) if account.is_polled else None


def revoke_key(account: Account, *, by: User | None) -> bool:
    """Erase an account's key, which is polled again with a new one; return whether it had one."""
    with together():
        if not enrolment.revoke_key(account, by=by):
            return False
        pausing.key_revoked(account, by=by)
    return True
