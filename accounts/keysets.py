"""Tink keysets as JSON text: making one and taking its public half. Knows no Django."""

import tink
from tink import hybrid, json_proto_keyset_format, secret_key_access

# HPKE with X25519, HKDF-SHA256 and AES-256-GCM.
_TEMPLATE = hybrid.hybrid_key_templates.DHKEM_X25519_HKDF_SHA256_HKDF_SHA256_AES_256_GCM

hybrid.register()


class BadKeysetError(Exception):
    """A keyset that cannot be read; the message never quotes it."""


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


def _private_handle(private: str) -> tink.KeysetHandle:
    try:
        return json_proto_keyset_format.parse(private, secret_key_access.TOKEN)
    except tink.TinkError:
        raise BadKeysetError("The private vault keyset cannot be read.") from None
