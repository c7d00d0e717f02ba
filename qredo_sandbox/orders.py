"""Reads the orders of an admin call into what they order: a fault, an instant.

A fault takes the place of the next ``count`` answers of a key, or of all until it is cleared:

- ``400`` to ``429`` in Qredo's shape, with a ``reason`` and a ``retry_after`` of any text;
- ``500`` to ``504`` as a proxy's page, with ``retry_after``;
- ``garbled``, ``not_json``, ``empty``, ``html200``, ``bomb``: bodies that are none;
- ``redirect`` with ``status`` and ``location`` ("" leaves it out);
- ``body`` with ``status`` and ``content_type``; ``raw_assets`` with the text of ``assets``;
- ``slow``, ``drip``, ``slow_headers``, ``drip_body``, with ``seconds`` in all or for each byte;
- ``truncated``, ``reset`` before the answer, ``reset_midway`` in the middle of it, ``hang``;
- ``interim``, a 103 and ``seconds`` later the true answer; ``second_answer``, after as many seconds
  one more that nobody asked for, of an account that holds nothing;
- ``short_length`` and ``long_length``, a Content-Length that is a byte off; ``cut_gzip``;
  ``endless_chunks``, a blank every so many ``seconds``;
- ``dated``, a true answer; ``date`` goes with every kind and is the Date header ("" for none).
"""

from qredo_sandbox.clock import nanoseconds_of
from qredo_sandbox.faults import KINDS, Fault
from qredo_sandbox.fields import Fields, Wrong

_REDIRECTS = (301, 302, 303, 307, 308)
FAULT_FIELDS = (
    "key_id",
    "fault",
    "count",
    "seconds",
    "status",
    "reason",
    "retry_after",
    "date",
    "location",
    "content_type",
    "body",
    "assets",
)


def fault_in(fields: Fields) -> Fault:
    """Return the fault that is ordered."""
    fault = Fault(fields.text("fault"))
    if fault.kind not in KINDS:
        raise Wrong(f"fault is one of {', '.join(sorted(KINDS))}")
    fault.count = fields.positive("count")
    fault.seconds = fields.seconds("seconds")
    _read_headers(fields, fault)
    fault.reason = fields.text_or_none("reason")
    fault.status = _status(fields, fault.kind)
    if fault.kind in ("body", "raw_assets"):
        fault.body = fields.text("body" if fault.kind == "body" else "assets")
    if fault.kind == "dated" and fault.date is None:
        raise Wrong("date is missing")
    return fault


def _read_headers(fields: Fields, fault: Fault) -> None:
    fault.retry_after = fields.header("retry_after")
    fault.date = fields.header("date")
    location = fields.header("location")
    fault.location = fault.location if location is None else location
    fault.content_type = fields.header("content_type") or fault.content_type


def _status(fields: Fields, kind: str) -> int | None:
    status = fields.status("status")
    if kind == "redirect" and status not in (None, *_REDIRECTS):
        raise Wrong("status of a redirect is one of 301, 302, 303, 307, 308")
    return status


def instant_in(text: str) -> int:
    """Return the Unix nanoseconds of an instant that is ordered."""
    try:
        return nanoseconds_of(text)
    except ValueError as wrong:
        raise Wrong(f"now: {wrong}") from None
