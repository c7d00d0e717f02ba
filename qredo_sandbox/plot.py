"""The words in which the cast is written down: accounts, holdings and flows before any seed."""

from dataclasses import dataclass

from qredo_sandbox.flows import Shape, Tempo, drift
from qredo_sandbox.holdings import SCALES

BALANCES, READ_ONLY, SUBMIT_DEFI = "balances", "read-only", "submit-defi"
PERMISSIONS = (BALANCES, READ_ONLY, SUBMIT_DEFI)
PRODUCTION, SANDBOX = "production", "sandbox"


@dataclass(frozen=True, slots=True)
class Stream:
    """A flow by name. The same name in two holdings is one flow."""

    name: str
    tempo: Tempo
    shape: Shape

    def up(self, swing: str) -> "Side":
        """Follow the flow: ``swing`` whole units of the asset when it is full."""
        return Side(self, swing, falling=False)

    def down(self, swing: str) -> "Side":
        """Mirror the flow: ``swing`` whole units when it is empty."""
        return Side(self, swing, falling=True)


@dataclass(frozen=True, slots=True)
class Side:
    """One holding's part in a flow."""

    stream: Stream
    swing: str
    falling: bool


@dataclass(frozen=True, slots=True)
class Part:
    """An asset of an account: about ``base`` whole units at rest, and its sides.

    A flow between two parts needs one scale of both: else its two sides differ by what the coarser
    one can not say.
    """

    asset: str
    base: str
    sides: tuple[Side, ...]
    leaves: bool = False
    own_scale: int | None = None

    @property
    def scale(self) -> int:
        """Return the base units in one unit, as this account's answers tell it."""
        return self.own_scale or SCALES[self.asset]


@dataclass(frozen=True, slots=True)
class Role:
    """An account of the cast, before its id and keys are drawn; ``parts`` None answers null."""

    name: str
    organization: str | None
    person: str | None
    parts: tuple[Part, ...] | None
    environment: str = PRODUCTION
    permissions: tuple[str, ...] = (BALANCES,)
    as_list: bool = False
    spare: bool = False

    @property
    def kind(self) -> str:
        """Return ``personal`` or ``organization``."""
        return "personal" if self.organization is None else "organization"

    @property
    def title(self) -> str:
        """Return the name with its owner, unique in the cast."""
        return f"{self.organization or self.person} / {self.name}"


def part(
    asset: str, base: str, *sides: Side, leaves: bool = False, scale: int | None = None
) -> Part:
    """Write a part in one line."""
    return Part(asset, base, sides, leaves, scale)


def own(name: str, tempo: Tempo, active: int, swing: str) -> Side:
    """Return a side of a flow from and to the outside world, ``active`` periods in 16."""
    return Stream(name, tempo, drift(active)).up(swing)
