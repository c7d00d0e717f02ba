"""Addresses on the chains: each in the shape of its chain, with digits that are only drawn."""

from qredo_sandbox.chance import material

_HEX, _LETTERS = "0123456789abcdef", "023456789acdefghjklmnpqrstuvwxyz"
_SHAPES = {
    "BTC": ("bc1q", 38, _LETTERS),
    "BTC-TESTNET": ("tb1q", 38, _LETTERS),
    "SOL": ("", 44, "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"),
    "ATOM": ("cosmos1", 38, _LETTERS),
}
_OF_ETHER = ("0x", 40, _HEX)


def address(asset: str, *parts: str) -> str:
    """Return the address that these parts draw; tokens of Ethereum have Ethereum's shape."""
    prefix, length, letters = _SHAPES.get(asset, _OF_ETHER)
    drawn = material(length, "address", asset, *parts)
    return prefix + "".join(letters[byte % len(letters)] for byte in drawn)


def address_type(asset: str) -> str:
    """Return the chain that an address is for."""
    return asset.partition("-")[0] if asset in _SHAPES else "ETH"


def on_chain(asset: str, digest: bytes) -> str:
    """Write the id of a transaction as the asset's chain does."""
    return f"0x{digest.hex()}" if address_type(asset) == "ETH" else digest.hex()
