"""Seeded chance: the same parts give the same draw on every machine and in every order."""

import hashlib

_MASK = (1 << 64) - 1


def material(size: int, *parts: object) -> bytes:
    """Return ``size`` bytes that depend on every part, and on nothing else."""
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.shake_256(text.encode()).digest(size)


def key_for(*parts: object) -> int:
    """Return a 64-bit key to draw from."""
    return int.from_bytes(material(8, *parts), "big")


def draw(key: int, position: int) -> int:
    """Return the 64-bit number at ``position`` of the sequence of ``key`` (splitmix64)."""
    mixed = (key + position * 0x9E3779B97F4A7C15) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return mixed ^ (mixed >> 31)
