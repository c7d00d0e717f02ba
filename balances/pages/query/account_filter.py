"""What a list of accounts may be narrowed by: the selects of its filter."""

from collections.abc import Callable, Iterable, Sequence

from django.db.models import QuerySet

from accounts.labels import tags_of
from accounts.models import Account, Environment, Organization, Tenure, User
from balances.pages.components.context import Option, Select
from balances.portfolio.filters import SHARED_NAME, Narrowing, persons
from balances.portfolio.members import Member

_NOBODY = "(no such account)"


def questions(
    narrowing: Narrowing,
    held: Sequence[Member],
    everything: Callable[[], QuerySet[Account]],
    reader: User,
) -> tuple[Select, ...]:
    """Return what may be chosen among `everything`, of which `held` is what was asked for."""
    if narrowing.query:
        return selects(narrowing, everything(), reader)
    environments = {member.account.environment for member in held}
    return _selects(narrowing, _owners(held), environments, _tags(held))


def selects(narrowing: Narrowing, accounts: QuerySet[Account], reader: User) -> tuple[Select, ...]:
    """Return what may be chosen among `accounts`; what has one answer is not asked."""
    environments = accounts.order_by().values_list("environment", flat=True)
    owners = _owners_among(accounts, reader)
    return _selects(narrowing, owners, set(environments.distinct()), tags_of(accounts))


def selects_then(
    narrowing: Narrowing,
    tenures: QuerySet[Tenure],
    tagged_among: QuerySet[Account],
    reader: User,
) -> tuple[Select, ...]:
    """Return the same for tenures of an instant: their owners, and tags of today."""
    environments = set(tenures.values_list("account__environment", flat=True))
    tagged = tagged_among.filter(pk__in=tenures.order_by().values("account"))
    return _selects(narrowing, _owners_among(tenures, reader), environments, tags_of(tagged))


def heading(selects: Iterable[Select]) -> str:
    """Return what names a page that is about one owner's accounts, or those with one tag."""
    told = {
        select.name: option.text
        for select in selects
        for option in select.options
        if option.chosen and option.value and option.text != _NOBODY
    }
    tag = f"Tag {told['tag']}" if "tag" in told else ""
    return " · ".join(filter(None, (told.get("owner", ""), tag)))


def _selects(
    narrowing: Narrowing, owners: list[tuple[str, str]], environments: set[str], tags: list[str]
) -> tuple[Select, ...]:
    there = [(one.value, one.value.title()) for one in Environment if one.value in environments]
    found = (
        _select(narrowing, "owner", "Owner", "All owners", owners),
        _select(narrowing, "environment", "Environment", "Both", there),
        _select(narrowing, "tag", "Tag", "Any", [(name, name) for name in tags]),
    )
    return tuple(select for select in found if select is not None)


def _select(
    narrowing: Narrowing,
    name: str,
    label: str,
    everything: str,
    choices: Iterable[tuple[str, str]],
) -> Select | None:
    chosen = getattr(narrowing, name)
    options = [
        Option(value, text, value.casefold() == chosen.casefold()) for value, text in choices
    ]
    if chosen and not any(option.chosen for option in options):
        options.append(Option(chosen, _NOBODY, chosen=True))
    # One owner or one environment is no choice; a single tag is.
    if not chosen and len(options) < (1 if name == "tag" else 2):
        return None
    return Select(name, label, (Option("", everything, not chosen), *options))


def _owners_among(
    owned: QuerySet[Account] | QuerySet[Tenure], reader: User
) -> list[tuple[str, str]]:
    pairs = set(owned.order_by().values_list("organization", "owner").distinct())
    found = Organization.objects.filter(pk__in={one for one, _ in pairs}).order_by("name")
    people = {person for _, person in pairs} - {None}
    theirs = persons(own=reader.pk in people, shared=bool(people - {reader.pk}))
    return [*((str(one.uid), one.name) for one in found), *theirs]


def _owners(held: Sequence[Member]) -> list[tuple[str, str]]:
    whose = {(m.account.organization_id, m.account.owner_id): m.owner for m in held}.values()
    funds = [owner for owner in whose if isinstance(owner, Organization)]
    owners = [(str(one.uid), one.name) for one in sorted(funds, key=lambda one: one.name)]
    kinds = {member.kind for member in held}
    return [*owners, *persons(own="Personal" in kinds, shared=SHARED_NAME in kinds)]


def _tags(held: Sequence[Member]) -> list[str]:
    """Return the tags of accounts, each once whatever its case, in the order of the alphabet."""
    names = sorted({name for one in held for name in one.tags}, key=lambda n: (n.lower(), n))
    return list({name.casefold(): name for name in names}.values())
