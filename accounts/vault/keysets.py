"""Tink keysets as JSON text: making and changing one, taking its public half. Knows no Django."""

import json
from typing import Any

import tink
from tink import hybrid, json_proto_keyset_format, secret_key_access

# HPKE with X25519, HKDF-SHA256 and AES-256-GCM.
_TEMPLATE = hybrid.hybrid_key_templates.DHKEM_X25519_HKDF_SHA256_HKDF_SHA256_AES_256_GCM
#: What Tink puts before a ciphertext: a version, and the id of the key that sealed it.
_PREFIX_VERSION, _PREFIX_LENGTH = 1, 5

hybrid.register()


class BadKeysetError(Exception):
    """A keyset that cannot be used; the message never quotes it."""


def new_keyset() -> str:
    """Return a new private keyset as JSON. Whoever holds it opens every sealed secret."""
    handle = tink.new_keyset_handle(_TEMPLATE)
    return str(json_proto_keyset_format.serialize(handle, secret_key_access.TOKEN))


def public_half(private: str) -> str:
    """Return the keyset that seals and cannot open. Raise `BadKeysetError`."""
    handle = _private_handle(private).public_keyset_handle()
    return str(json_proto_keyset_format.serialize_without_secret(handle))


def opener(private: str) -> hybrid.HybridDecrypt:
    """Return what opens. Raise `BadKeysetError`."""
    try:
        return _private_handle(private).primitive(hybrid.HybridDecrypt)
    except tink.TinkError:
        raise BadKeysetError("The private vault keyset does not open anything.") from None


def sealer(public: str) -> hybrid.HybridEncrypt:
    """Return what seals. Raise `BadKeysetError`."""
    try:
        handle = json_proto_keyset_format.parse_without_secret(public)
        return handle.primitive(hybrid.HybridEncrypt)
    except tink.TinkError:
        raise BadKeysetError("The public vault keyset cannot be read.") from None


def key_ids(keyset: str) -> tuple[int, ...]:
    """Return the ids of a keyset's keys, oldest first. Raise `BadKeysetError`."""
    return tuple(key["keyId"] for key in _read(keyset)["key"])


def primary_id(keyset: str) -> int:
    """Return the id of the key that seals. Raise `BadKeysetError`."""
    return int(_read(keyset)["primaryKeyId"])


def sealing_id(sealed: bytes) -> int:
    """Return the id of the key that a ciphertext was sealed with. Raise ValueError if none was."""
    if len(sealed) < _PREFIX_LENGTH or sealed[0] != _PREFIX_VERSION:
        raise ValueError("This is no ciphertext of a keyset.")
    return int.from_bytes(sealed[1:_PREFIX_LENGTH], "big")


def with_new_key(private: str) -> str:
    """Return the keyset with one more key, which opens but does not seal yet."""
    keyset, taken = _read(private), set(key_ids(private))
    added = _read(new_keyset())
    while added["primaryKeyId"] in taken:
        added = _read(new_keyset())
    return _written({**keyset, "key": [*keyset["key"], *added["key"]]})


def promoted(private: str, key_id: int) -> str:
    """Return the keyset with another of its keys as the one that seals."""
    keyset = _read(private)
    _known(private, key_id)
    return _written({**keyset, "primaryKeyId": key_id})


def without_key(private: str, key_id: int) -> str:
    """Return the keyset without one of its keys. What that key sealed opens never again."""
    keyset = _read(private)
    _known(private, key_id)
    if key_id == keyset["primaryKeyId"]:
        raise BadKeysetError(f"Vault key {key_id} is the one that seals. Promote another first.")
    return _written({**keyset, "key": [k for k in keyset["key"] if k["keyId"] != key_id]})


def _known(private: str, key_id: int) -> None:
    if key_id not in key_ids(private):
        there = ", ".join(map(str, key_ids(private)))
        raise BadKeysetError(f"The keyset has no vault key {key_id}. It has {there}.")


def _read(keyset: str) -> dict[str, Any]:
    try:
        read = json.loads(keyset)
        if read["primaryKeyId"] in [int(key["keyId"]) for key in read["key"]]:
            return dict(read)
    except (ValueError, TypeError, KeyError):
        pass  # said below, outside of an error that holds the text
    raise BadKeysetError("The vault keyset cannot be read.")


def _written(keyset: dict[str, Any]) -> str:
    text = json.dumps(keyset)
    opener(text)  # a keyset that Tink would refuse is never handed out
    return text


def _private_handle(private: str) -> tink.KeysetHandle:
    try:
        return json_proto_keyset_format.parse(private, secret_key_access.TOKEN)
    except tink.TinkError:
        raise BadKeysetError("The private vault keyset cannot be read.") from None
