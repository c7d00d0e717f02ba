"""PostgreSQL and Valkey for whoever has nothing but the pip wheels.

`hold` starts what is not running and counts its caller as a user until released; the last user to
leave stops both stores. `revive` starts again what died meanwhile, and `locate` only says where
they are.
"""

from embedded.addresses import Addresses, PostgresAddress, ValkeyAddress
from embedded.errors import StoresError
from embedded.holding import Hold, hold, locate, revive

__all__ = [
    "Addresses",
    "Hold",
    "PostgresAddress",
    "StoresError",
    "ValkeyAddress",
    "hold",
    "locate",
    "revive",
]
