"""The keys of the simulated accounts: drawn from the seed, so that they outlive a restart."""

from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass, field

from qredo_sandbox.chance import material
from qredo_sandbox.world import Account, World


@dataclass(frozen=True, slots=True)
class Key:
    """An API key of one account. The secret is the decoded one; it is in no representation."""

    key_id: str
    account: Account
    permissions: tuple[str, ...]
    secret: bytes = field(repr=False)

    @property
    def environment(self) -> str:
        """Return the environment that knows the key."""
        return self.account.role.environment

    def shown_once(self) -> dict[str, object]:
        """Return what the maker of a key sees, with the secret as Base64 text."""
        secret = b64encode(self.secret).decode()
        return {"key_id": self.key_id, "secret": secret, "permissions": list(self.permissions)}


class Keyring:
    """All valid keys by id."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._made: dict[str, int] = {}
        self.keys: dict[str, Key] = {}
        for account in world.accounts.values():
            self.make(account, account.role.permissions)

    def make(self, account: Account, permissions: tuple[str, ...]) -> Key:
        """Add the account's next key: the n-th one of a seed is the same on every start."""
        number = self._made.get(account.id, 0)
        self._made[account.id] = number + 1
        drawn = material(70, self._world.seed, "key", account.id, number)
        key_id = urlsafe_b64encode(drawn[:10]).rstrip(b"=").decode()
        key = Key(key_id, account, permissions, drawn[10:])
        self.keys[key_id] = key
        return key

    def revoke(self, key_id: str) -> None:
        """Forget a key; KeyError if there is none."""
        del self.keys[key_id]

    def of(self, account: Account) -> list[Key]:
        """Return the account's keys, oldest first."""
        return [key for key in self.keys.values() if key.account is account]
