"""The keys of the simulated accounts: drawn from the seed, so that they outlive a restart."""

from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass, field

from qredo_sandbox.chance import material
from qredo_sandbox.wallets import Fund, funds_within, held_in
from qredo_sandbox.world import Account, World

_CREATED = 1_704_067_200  # 2024-01-01: when the keys that every world begins with were made


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a key goes: one fund, one wallet ("": all of them), one Unix second (0: no end)."""

    fund_id: str = ""
    wallet_id: str = ""
    expiry_date: int = 0


_EVERYTHING = Reach()


@dataclass(frozen=True, slots=True)
class Key:
    """An API key of one account. The secret is the decoded one; it is in no representation."""

    key_id: str
    account: Account
    permissions: tuple[str, ...]
    secret: bytes = field(repr=False)
    created: int = _CREATED
    reach: Reach = _EVERYTHING

    @property
    def environment(self) -> str:
        """Return the environment that knows the key."""
        return self.account.role.environment

    def expired(self, second: int) -> bool:
        """Say whether the key has ended at a Unix second."""
        return 0 < self.reach.expiry_date <= second

    def funds(self) -> list[Fund]:
        """Return the funds, with the wallets, that the key can see, the archived ones too."""
        return funds_within(self.account, self.reach.fund_id, self.reach.wallet_id)

    def balance(self, second: int) -> bytes:
        """Return the body of ``GET /balance`` for the key: of a narrow one, its wallets alone."""
        if not (self.reach.fund_id or self.reach.wallet_id):
            return self.account.balance(second)
        wallets = [wallet for fund in self.funds() for wallet in fund.wallets]
        return self.account.encoded(held_in(self.account, wallets, second))

    def shown_once(self) -> dict[str, object]:
        """Return what the maker of a key sees, with the secret as Base64 text."""
        secret = b64encode(self.secret).decode()
        return {
            "key_id": self.key_id,
            "secret": secret,
            "permissions": list(self.permissions),
            "fund_id": self.reach.fund_id,
            "wallet_id": self.reach.wallet_id,
            "created": self.created,
            "expiry_date": self.reach.expiry_date,
        }


class Keyring:
    """All valid keys by id."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._made: dict[str, int] = {}
        self.keys: dict[str, Key] = {}
        for account in world.accounts.values():
            self.make(account, account.role.permissions)

    def make(
        self,
        account: Account,
        permissions: tuple[str, ...],
        created: int = _CREATED,
        reach: Reach = _EVERYTHING,
    ) -> Key:
        """Add the account's next key: the n-th one of a seed is the same on every start."""
        number = self._made.get(account.id, 0)
        self._made[account.id] = number + 1
        drawn = material(70, self._world.seed, "key", account.id, number)
        key_id = urlsafe_b64encode(drawn[:10]).rstrip(b"=").decode()
        key = Key(key_id, account, permissions, drawn[10:], created, reach)
        self.keys[key_id] = key
        return key

    def revoke(self, key_id: str) -> None:
        """Forget a key; KeyError if there is none."""
        del self.keys[key_id]

    def of(self, account: Account) -> list[Key]:
        """Return the account's keys, oldest first."""
        return [key for key in self.keys.values() if key.account is account]
