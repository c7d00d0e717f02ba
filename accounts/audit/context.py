"""Acts as they are shown."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.audit.forms import FilterForm
from accounts.audit.reading import Log, acts
from accounts.audit.vocabulary import VOCABULARY
from accounts.chain.hash_chain import written
from accounts.models import Act
from accounts.shared.local_time import exact

#: Acts of a page.
ROWS = 50

_DOERS = {"system": "Qredo Dash itself", "nobody": "Somebody not signed in"}


@dataclass(frozen=True, slots=True)
class Change:
    """One fact, before and after; empty where there is none."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Row:
    """One act, and what it opens into."""

    number: int
    iso: str
    at: str
    who: str
    label: str
    object: str
    address: str
    agent: str
    changes: Sequence[Change]
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class LogChoice:
    """A log to choose, as a link."""

    label: str
    url: str
    chosen: bool
    count: None = None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A log's page."""

    log: Log
    logs: Sequence[LogChoice]
    form: FilterForm
    rows: Sequence[Row]
    query: str
    newest_url: str
    older_url: str


def audit_page(log: Log, logs: Sequence[Log], form: FilterForm) -> AuditPage:
    """Return a page of a log; where the limits cannot be used, it has no rows."""
    found = list(acts(log, form.wanted)[: ROWS + 1]) if form.is_valid() else []
    shown, older = found[:ROWS], len(found) > ROWS
    return AuditPage(
        log=log,
        logs=[LogChoice(one.title, f"?organization={one.key}", one == log) for one in logs],
        form=form,
        rows=[row(act) for act in shown],
        query=form.query(log.key),
        newest_url=f"?{form.query(log.key)}" if form.data.get("before") else "",
        older_url=f"?{form.query(log.key, before=shown[-1].number)}" if older else "",
    )


def row(act: Act) -> Row:
    """Return an act ready to be shown."""
    word = VOCABULARY.get(act.act)
    return Row(
        number=act.number,
        iso=written(act.at),
        at=exact(act.at),
        who=_doer(act),
        label=word.label if word else act.act,
        object=_object(act),
        address=act.address,
        agent=act.agent,
        changes=_changes(act),
        facts=_facts(act),
    )


def _doer(act: Act) -> str:
    if act.who_kind == "command":
        return f"Operator command ({act.who})"
    return act.who or _DOERS.get(act.who_kind, act.who_kind)


def _object(act: Act) -> str:
    if act.object_kind == "person" and act.object_uid == str(act.who_id):
        return ""  # themselves, who stand beside it already
    return act.object_label or "an address that nobody has"


def _changes(act: Act) -> list[Change]:
    names = sorted(act.before.keys() | act.after.keys())
    return [
        Change(name.replace("_", " "), _told(act.before, name), _told(act.after, name))
        for name in names
    ]


def _told(facts: dict[str, object], name: str) -> str:
    value = facts.get(name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _facts(act: Act) -> list[tuple[str, str]]:
    who = f"{act.who_kind} {act.who_id or ''}".strip()
    return [
        ("Instant", written(act.at)),
        ("Act", act.act),
        ("Done by", f"{who} {json.dumps(act.who)}" if act.who else who),
        ("Done to", f"{act.object_kind} {act.object_uid}".strip()),
        ("Address", act.address or "-"),
        ("Browser or command", act.agent or "-"),
        ("Number in this log", str(act.number)),
        ("Link", bytes(act.chain).hex()),
    ]
