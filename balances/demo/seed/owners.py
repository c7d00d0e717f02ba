"""Whom seeded accounts belong to, and the accounts themselves before anything was seen of them."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random
from uuid import UUID

from accounts.audit import objects
from accounts.audit.recording import record
from accounts.audit.vocabulary import Facts
from accounts.models import Account, Environment, Organization, Tenure, User
from balances.core import sql
from balances.demo.seed.account_history import Member
from balances.demo.seed.plan import BadPlanError, Plan
from balances.demo.seed.wallets import coins
from balances.ledger.runs import first_slot
from balances.models import Holding

#: One account of so many is a person's, is in the sandbox, joins later.
_PERSONAL, _SANDBOX, _LATER = 50, 20, 10
_PEOPLE = 4
#: Rows that are written in one statement.
_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Cast:
    """The owners of a seed."""

    organization: Organization
    people: Sequence[User]

    @property
    def owners(self) -> list[User | Organization]:
        """Everybody who owns an account."""
        return [self.organization, *self.people]

    def owner_of(self, number: int) -> User | Organization:
        """Return whose an account is."""
        nth, rest = divmod(number, _PERSONAL)
        return self.organization if rest != _PERSONAL - 1 else self.people[nth % len(self.people)]


def make_owners(plan: Plan) -> Cast:
    """Make an organization and, where there are enough accounts, people. Raise `BadPlanError`."""
    if Organization.objects.filter(name=plan.name).exists():
        raise BadPlanError(f"Seed {plan.seed} is here already. Give another --seed.")
    body = Organization.objects.create(name=plan.name)
    record("organization.added", objects.organization(body), by=None)
    many = min(_PEOPLE, plan.accounts // _PERSONAL)
    return Cast(body, [_person(plan, number) for number in range(many)])


def _person(plan: Plan, number: int) -> User:
    # Without a password nobody signs in as them, and mail to this domain goes nowhere.
    email = f"seeded-{plan.seed}-{number + 1}@seeded.example"
    person = User.objects.create_user(email, name=f"Seeded person {number + 1}")
    record("person.added", objects.installed(objects.person(person)), by=None)
    return person


def make_accounts(plan: Plan, cast: Cast) -> list[Member]:
    """Make accounts, tenures and holdings. No account has a key: none is ever polled."""
    accounts = [_account(plan, cast, number) for number in range(plan.accounts)]
    Account.objects.bulk_create(accounts, batch_size=_AT_ONCE)
    Tenure.objects.bulk_create([_tenure(one) for one in accounts], batch_size=_AT_ONCE)
    for one in accounts:
        told: Facts = {"environment": str(one.environment), "demo": one.is_demo}
        record("account.added", objects.account(one), by=None, after=told)
    members: list[Member] = []
    size = max(1, _AT_ONCE // plan.assets)
    for start in range(0, len(accounts), size):
        members += _members(plan, accounts[start : start + size], start)
    return members


def _account(plan: Plan, cast: Cast, number: int) -> Account:
    chance = Random(f"{plan.seed} account {number}")  # noqa: S311 - repeatable on purpose
    joins = plan.begins
    if number % _LATER == _LATER - 1:
        joins += (plan.until - plan.begins) * chance.randrange(1, 1000) // 3000
    owner = cast.owner_of(number)
    is_sandbox = number % _SANDBOX == _SANDBOX - 2
    return Account(
        uid=UUID(int=chance.getrandbits(128), version=4),
        label=f"Seed {plan.seed} account {number + 1:05}",
        environment=Environment.SANDBOX if is_sandbox else Environment.PRODUCTION,
        owner=owner if isinstance(owner, User) else None,
        organization=owner if isinstance(owner, Organization) else None,
        created_at=joins,
        keyless_at=plan.until,
    )


def _tenure(account: Account) -> Tenure:
    return Tenure(
        account=account,
        owner=account.owner,
        organization=account.organization,
        began_at=account.created_at,
    )


def _members(plan: Plan, accounts: Sequence[Account], start: int) -> list[Member]:
    nothing = dict.fromkeys(("total", "available", "pending_in", "pending_out"), Decimal(0))
    empty = [
        Holding(
            account=one, asset=coin.name, scale=Decimal(coin.scale), changed_at=plan.until,
            **nothing,
        )
        for one in accounts for coin in coins(plan.assets)
    ]  # fmt: skip
    ids = [row.pk for row in Holding.objects.bulk_create(empty)]
    return [
        Member(one.pk, one.uid, start + nth, _begins(plan, one), _slice(ids, nth, plan.assets))
        for nth, one in enumerate(accounts)
    ]


def _slice(ids: list[int], nth: int, size: int) -> tuple[int, ...]:
    return tuple(ids[nth * size : (nth + 1) * size])


def _begins(plan: Plan, account: Account) -> datetime:
    phase = zlib.crc32(account.uid.bytes)
    return first_slot(account.created_at, interval_seconds=plan.interval_seconds, phase=phase)


# Others may take ids meanwhile: what comes back is in stretches.
_IDS = """
SELECT min(id), max(id) FROM (
    SELECT id, id - row_number() OVER (ORDER BY id) AS stretch FROM (
        SELECT nextval('balances_snapshot_id_seq') AS id FROM generate_series(1, %s)) taken
) numbered GROUP BY stretch ORDER BY 1
"""


def snapshot_ids(plan: Plan, accounts: int) -> list[range]:
    """Take as many ids as the snapshots of so many accounts can need at most."""
    each = 2 + (plan.days + 1) * plan.changes_per_day
    return [range(first, last + 1) for first, last in sql.rows(_IDS, [accounts * each])]
