"""Writing acts down: in the transaction of the act itself, as the last thing that it does.

Every log is a chain of its own, so that organizations and people never wait for each other. Within
a log an act waits for the one before it to commit; written last, it is waited for but shortly.
Several logs of one transaction are locked in the order of their names, so never in a circle.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from accounts.audit.canonical import act_text
from accounts.audit.objects import Thing
from accounts.audit.vocabulary import Facts, checked
from accounts.chain.hash_chain import Head
from accounts.models import Act, User
from accounts.shared import origins
from accounts.shared.origins import Origin
from accounts.words import visible

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('accounts_act ' || %s, 0))"
_HEAD = """
SELECT coalesce(number, 0), chain, greatest(clock_timestamp(), at + interval '1 microsecond')
FROM (VALUES (1)) always LEFT JOIN LATERAL (
    SELECT number, chain, at FROM accounts_act WHERE log = %s ORDER BY number DESC LIMIT 1
) newest ON true
"""

#: As long as an e-mail address.
LONGEST_LABEL = 254

_waiting: ContextVar[list[Act] | None] = ContextVar("acts", default=None)


@dataclass(frozen=True, slots=True)
class Doer:
    """Who acts: a person, an operator's command, the program itself, or somebody unknown."""

    kind: str
    id: int | None = None
    name: str = ""


NOBODY = Doer("nobody")


@contextmanager
def together() -> Iterator[None]:
    """Open a transaction whose acts are written at its end; within another one, at that one's."""
    outer = _waiting.get()
    acts = [] if outer is None else outer
    before, token = len(acts), _waiting.set(acts)
    try:
        with transaction.atomic():
            yield
            if outer is None:
                _write(acts)
    except BaseException:
        del acts[before:]  # what was rolled back did not happen
        raise
    finally:
        _waiting.reset(token)


def record(
    act: str,
    about: Thing,
    *,
    by: User | Doer | None,
    before: Facts | None = None,
    after: Facts | None = None,
) -> None:
    """Put an act on record. Raise `UnknownActError` for what the vocabulary does not have."""
    written = _composed(act, about, by, before or {}, after or {})
    acts = _waiting.get()
    if acts is None:
        with transaction.atomic():
            _write([written])
    else:
        acts.append(written)


def _composed(act: str, about: Thing, by: User | Doer | None, before: Facts, after: Facts) -> Act:
    origin = origins.current()
    doer = by if isinstance(by, Doer) else _doer(by, origin)
    return Act(
        log=about.log,
        who_kind=doer.kind,
        who_id=doer.id,
        who=doer.name,
        act=act,
        object_kind=about.kind,
        object_uid=about.uid,
        object_label=visible(about.label)[:LONGEST_LABEL],
        address=origin.address,
        agent=origin.agent,
        before=checked(act, before),
        after=checked(act, after),
    )


def _doer(person: User | None, origin: Origin) -> Doer:
    if person is not None:
        return Doer("person", person.pk, person.email)
    return Doer("command", None, origin.operator) if origin.operator else Doer("system")


def _write(acts: list[Act]) -> None:
    for act in sorted(acts, key=lambda one: one.log):  # stable: within a log as they happened
        head, act.at = _head(act.log)
        act.number = head.count + 1
        act.chain = head.link(act_text(act)).digest
        act.save(force_insert=True)


def _head(log: str) -> tuple[Head, datetime]:
    """Return a log's head and the instant of what follows; nobody else adds to it meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [log])
        # A statement of its own: it has to see what was committed while the lock was waited for.
        cursor.execute(_HEAD, [log])
        number, chain, at = cursor.fetchone()
    return Head(number, bytes(chain)) if number else Head(), at
