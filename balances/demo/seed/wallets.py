"""What a seeded account holds, and how its amounts move: integers of base units all the way."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Coin:
    """An asset, and about how much of it an account holds: base units."""

    name: str
    places: int
    typical: int

    @property
    def scale(self) -> int:
        """Base units in one unit."""
        scale: int = 10**self.places
        return scale


def _coin(name: str, places: int, units: int) -> Coin:
    return Coin(name, places, units * 10**places)


# The first has so many digits that no two answers are ever the same by chance; ordinary holdings of
# it do not fit 64 bits. The third is worthless test money among real money.
_KNOWN = (
    _coin("ETH", 18, 2_500),
    _coin("BTC", 8, 120),
    _coin("ETH-TESTNET", 18, 90),
    _coin("USDC", 6, 4_000_000),
    _coin("USDT", 6, 1_500_000),
    _coin("SOL", 9, 30_000),
    _coin("MATIC", 18, 800_000),
    _coin("LINK", 18, 60_000),
    _coin("DOT", 10, 90_000),
    _coin("AVAX", 18, 20_000),
)


def coins(count: int) -> tuple[Coin, ...]:
    """Return the assets of an account: known ones first."""
    more = (_coin(f"TOKEN{number:03}", 18, 10_000) for number in range(len(_KNOWN), count))
    return (*_KNOWN[:count], *more)


Amounts = tuple[int, int, int, int]


@dataclass(slots=True)
class Purse:
    """The four amounts of one asset in one account, and how an answer tells them."""

    coin: Coin
    holding_id: int
    amounts: Amounts
    told: str = ""

    @classmethod
    def filled(cls, coin: Coin, holding_id: int, chance: Random) -> "Purse":
        """Return what an account begins with."""
        held = coin.typical // 2 + chance.randrange(coin.typical)
        purse = cls(coin, holding_id, (held, held, 0, 0))
        purse.tell()
        return purse

    def move(self, chance: Random) -> Amounts:
        """Let what is pending settle, else something begin to; return the differences."""
        total, available, pending_in, pending_out = before = self.amounts
        if pending_in or pending_out:
            available += pending_in - pending_out
            pending_in = pending_out = 0
        elif available < 100 or chance.getrandbits(1):
            pending_in = chance.randrange(1, self.coin.typical // 8)
        else:
            # In proportion to what is there, so that nothing runs dry.
            pending_out = chance.randrange(1, available // 8)
        total = available + pending_in - pending_out
        self.amounts = after = (total, available, pending_in, pending_out)
        self.tell()
        return (
            after[0] - before[0],
            after[1] - before[1],
            after[2] - before[2],
            after[3] - before[3],
        )

    def tell(self) -> None:
        """Put the amounts into the words of an answer."""
        total, available, pending_in, pending_out = self.amounts
        self.told = (
            f'"{self.coin.name}":{{"total":{total},"available":{available},'
            f'"pendingIn":{pending_in},"pendingOut":{pending_out},"scale":{self.coin.scale}}}'
        )


def answer(purses: list[Purse]) -> bytes:
    """Return the bytes that Qredo would have answered."""
    return ('{"assets":{' + ",".join([purse.told for purse in purses]) + "}}").encode()
