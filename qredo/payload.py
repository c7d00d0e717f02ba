"""What Qredo's answers mean: balances exactly, or an error that says where not."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import reduce
from itertools import chain
from typing import Final

from qredo.documents import OddNumber, read_document
from qredo.errors import NotUnderstood
from qredo.names import name_is_plain, shown_name

MAX_AMOUNT: Final = 2**256
MAX_ASSETS: Final = 10_000
MAX_UNKNOWN_FIELDS: Final = 20
MAX_ACCOUNT_TEXT: Final = 200

SCALES: Final = frozenset(10**places for places in range(31))

_FIELDS: Final = ("total", "available", "pendingIn", "pendingOut", "scale")
_FIELD_SET: Final = frozenset(_FIELDS)
#: What Qredo's errors consist of.
_ERROR_FIELDS: Final = frozenset({"code", "msg", "detail", "error"})
_SCALE_TEXT: Final = re.compile(r"[0-9]{1,32}(\.[0-9]{1,32})?([eE]\+?[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class AssetBalance:
    """The four amounts of one asset, in base units, 0 to 2^256.

    `scale` is base units in one unit of the asset, a power of ten from 10^0 to 10^30. `entries` is
    how many entries of the answer were added up to these amounts.
    """

    asset: str
    total: int
    available: int
    pending_in: int
    pending_out: int
    scale: int
    entries: int = 1

    @property
    def is_summed(self) -> bool:
        """Whether several entries of the answer were added up."""
        return self.entries > 1

    @property
    def identity_holds(self) -> bool:
        """Whether total = available + pending in - pending out."""
        return self.total == self.available + self.pending_in - self.pending_out


@dataclass(frozen=True, slots=True)
class Balances:
    """All balances of one answer, sorted by asset; names of fields that we do not know.

    `left_out` are the names, escaped, of assets that no page could show as what they are.
    """

    assets: tuple[AssetBalance, ...]
    unknown_fields: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def summed(self) -> tuple[str, ...]:
        """The assets that the answer names more than once, so that their entries were added up."""
        return tuple(one.asset for one in self.assets if one.is_summed)


#: The entries of an answer, by asset: mostly one each.
_Entries = dict[str, list[object]]


def parse_balances(body: bytes, *, sum_entries: bool = False) -> Balances:
    """Read the answer of `GET /balance`.

    `assets` may be an object, a list of one-key objects or null. An organization without a fund
    is answered with `null` data, of which nobody tells the form: `null` or `{"data": null}` alone
    is empty too. Raises NotJson or NotUnderstood; the latter names asset and field. What two
    readers could take differently is refused. An asset whose name cannot be shown is left out, if
    its amounts are sound and another asset is there.
    """
    document = read_document(body)
    if document is None or document == {"data": None}:
        return Balances(())
    if not isinstance(document, dict) or "assets" not in document:
        raise NotUnderstood("Qredo's answer has no object with `assets` in it.", field="assets")
    if document["assets"] in (None, {}, []) and not _ERROR_FIELDS.isdisjoint(document):
        # Qredo's form of an error, with a status that says otherwise: not "holds nothing".
        raise _refusal("`assets` is empty beside an error", field="assets")
    entries = _entries(document["assets"], sum_entries=sum_entries)
    if sum(map(len, entries.values())) > MAX_ASSETS:
        raise _refusal(f"more than {MAX_ASSETS} assets", field="assets")
    assets = [_asset_balance(asset, entries[asset]) for asset in sorted(entries)]
    plain = tuple(one for one in assets if name_is_plain(one.asset))
    odd = [one.asset for one in assets if not name_is_plain(one.asset)]
    if odd and not plain:
        raise _refusal("its name is empty, too long or has invisible characters", asset=odd[0])
    return Balances(
        assets=plain,
        unknown_fields=_unknown_fields(document, chain.from_iterable(entries.values())),
        left_out=tuple(shown_name(name) for name in odd),
    )


def _entries(assets: object, *, sum_entries: bool) -> _Entries:
    if assets is None:
        return {}
    if isinstance(assets, dict):
        return {asset: [entry] for asset, entry in assets.items()}
    if isinstance(assets, list):
        return _listed(assets, sum_entries=sum_entries)
    raise _refusal("`assets` is neither an object nor a list nor null", field="assets")


def _listed(items: list[object], *, sum_entries: bool) -> _Entries:
    found: _Entries = {}
    for item in items:
        if not isinstance(item, dict) or len(item) != 1:
            raise _refusal(
                "the list `assets` holds something else than one asset each", field="assets"
            )
        ((asset, entry),) = item.items()
        # The sum is as likely as the newer of two: a figure would be a guess. Of a name that
        # cannot be shown nobody could have seen that the two are one asset.
        if asset in found and not (sum_entries and name_is_plain(asset)):
            raise _refusal("the asset stands twice in the list", asset=asset)
        found.setdefault(asset, []).append(entry)
    return found


def _asset_balance(asset: str, entries: list[object]) -> AssetBalance:
    first, *others = [_entry(asset, entry) for entry in entries]
    return reduce(_added, others, first)


def _added(one: AssetBalance, other: AssetBalance) -> AssetBalance:
    if one.scale != other.scale:
        raise _refusal("its entries differ in scale", asset=one.asset, field="scale")
    return AssetBalance(
        one.asset,
        _amount(one.asset, "total", one.total + other.total),
        _amount(one.asset, "available", one.available + other.available),
        _amount(one.asset, "pendingIn", one.pending_in + other.pending_in),
        _amount(one.asset, "pendingOut", one.pending_out + other.pending_out),
        one.scale,
        one.entries + other.entries,
    )


def _entry(asset: str, entry: object) -> AssetBalance:
    if not isinstance(entry, dict):
        raise _refusal("its balance is not an object", asset=asset)
    if not entry.keys() >= _FIELD_SET:
        missing = next(field for field in _FIELDS if field not in entry)
        raise _refusal("the field is missing", asset=asset, field=missing)
    return AssetBalance(
        asset,
        _amount(asset, "total", entry["total"]),
        _amount(asset, "available", entry["available"]),
        _amount(asset, "pendingIn", entry["pendingIn"]),
        _amount(asset, "pendingOut", entry["pendingOut"]),
        _scale(asset, entry["scale"]),
    )


def _amount(asset: str, field: str, value: object) -> int:
    # `type is`, since True is an int too.
    if type(value) is int and value <= MAX_AMOUNT:
        return value
    raise _refusal(
        "not a plain whole number of base units from 0 to 2^256", asset=asset, field=field
    )


def _scale(asset: str, value: object) -> int:
    if type(value) is int and value in SCALES:
        return value
    if isinstance(value, OddNumber) and _SCALE_TEXT.fullmatch(value.text):
        # Qredo calls the field a double: 1e8 and 100000000.0 can only mean one thing.
        exact = Decimal(value.text)
        if exact == int(exact) and int(exact) in SCALES:
            return int(exact)
    raise _refusal("not a power of ten from 1 to 10^30", asset=asset, field="scale")


def _refusal(why: str, *, asset: str | None = None, field: str | None = None) -> NotUnderstood:
    shown = None if asset is None else shown_name(asset)
    where = " ".join(part for part in (shown, field) if part)
    return NotUnderstood(
        f"Qredo's answer was not understood at {where or 'its start'}: {why}. "
        "The balances before stay; Qredo may have changed its API.",
        asset=shown,
        field=field,
    )


def _unknown_fields(document: dict[str, object], entries: Iterable[object]) -> tuple[str, ...]:
    names = {shown_name(name) for name in document if name != "assets"}
    for entry in entries:
        # Every entry is an object with all five fields by now: only a longer one has others.
        if isinstance(entry, dict) and len(entry) > len(_FIELDS):
            names.update(f"assets.*.{shown_name(name)}" for name in entry.keys() - _FIELD_SET)
    return tuple(sorted(names)[:MAX_UNKNOWN_FIELDS])


class AccountKind(StrEnum):
    """Whose account a key signs for."""

    PERSONAL = "personal"
    ORGANIZATION = "organization"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """What `GET /account` says about the account of a key; text it does not give is empty."""

    kind: AccountKind
    uid: str = ""
    name: str = ""
    username: str = ""


def parse_account(body: bytes) -> AccountInfo:
    """Read the answer of `GET /account`, tolerantly; raises NotJson or NotUnderstood."""
    document = read_document(body)
    settings = document.get("settings", document) if isinstance(document, dict) else None
    if not isinstance(settings, dict):
        raise NotUnderstood("Qredo's answer has no object `settings` in it.", field="settings")
    return AccountInfo(
        kind=_account_kind(settings),
        uid=_account_text(settings, "id"),
        name=_account_text(settings, "name"),
        username=_account_text(settings, "username"),
    )


def _account_kind(settings: dict[str, object]) -> AccountKind:
    # The fields that only one of the two has, by the published description.
    if "members" in settings or "domain" in settings:
        return AccountKind.ORGANIZATION
    return AccountKind.PERSONAL if "username" in settings else AccountKind.UNKNOWN


def _account_text(settings: dict[str, object], field: str) -> str:
    value = settings.get(field)
    usable = isinstance(value, str) and len(value) <= MAX_ACCOUNT_TEXT and value.isprintable()
    return value.strip() if isinstance(value, str) and usable else ""
