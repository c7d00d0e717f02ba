"""What a search finds, as its page and its list show it."""

from dataclasses import dataclass

from balances.pages.components.context import Choice


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """Things of one kind that a text may mean, and how many more there are."""

    title: str
    choices: tuple[Choice, ...]
    others: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a text may mean, as of the instant that `kept` says again."""

    typed: str
    groups: tuple[FoundGroup, ...]
    count: int
    kept: dict[str, str]

    @property
    def only_url(self) -> str:
        """Where to go if one thing alone was found by what was typed."""
        return self.groups[0].choices[0].url if self.typed.strip() and self.count == 1 else ""
