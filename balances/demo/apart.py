"""Demo accounts beside accounts of one's own: in no total, now or in the past.

No installation gets there any more, but one may have before it was refused.
"""

from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.audit.vocabulary import Facts
from accounts.chain.hash_chain import written
from accounts.models import Account, Tenure
from accounts.shared.demo_data import stored
from balances.core.instants import TICK
from balances.lifecycle import ownership
from balances.lifecycle.ownership import Turn


def set_apart() -> int:
    """Let no demo account count where there are others; return how many counted until now."""
    if not stored().real:
        return 0
    counted = Tenure.objects.filter(account__is_demo=True, ended_at=None, is_counted=True)
    accounts = Account.objects.filter(pk__in=counted.values("account")).order_by("pk")
    return sum(_set_apart(account) for account in accounts)


def _set_apart(account: Account) -> bool:
    with together():
        first = Tenure.objects.filter(account=account).earliest("began_at")
        since = first.began_at + TICK
        if not ownership.turn(account, Turn(is_counted=False), by=None, at=since):
            return False
        told: Facts = {"counted": False, "since": written(since)}
        record("account.counted", objects.account(account), by=None, after=told)
    return True
