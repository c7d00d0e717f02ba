"""The server: one asyncio protocol a connection, requests answered one after the other."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from email.utils import formatdate

from qredo_sandbox.answers import error
from qredo_sandbox.clock import SECOND, Clock
from qredo_sandbox.faults import Manner, Reply
from qredo_sandbox.wire import (
    MAX_BODY,
    MAX_HEAD,
    Answer,
    BadRequest,
    Request,
    chunked,
    interim,
    parse,
    render,
)

Handler = Callable[[Request], Reply]

#: What follows an answer though nobody asked for it: an account that holds nothing.
_UNASKED = Answer(200, b'{"assets":{}}')
_LINGER_ZERO = struct.pack("ii", 1, 0)


class Dates:
    """The Date header, formatted once a second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._second = -1
        self._text = ""

    def text(self) -> str:
        """Return the time that the simulator tells, as HTTP writes it."""
        second = self._clock.date() // SECOND
        if second != self._second:
            self._second, self._text = second, formatdate(second, usegmt=True)
        return self._text


class Connection(asyncio.Protocol):
    """One client. While an answer is under way nothing more is parsed: order is kept."""

    def __init__(self, handler: Handler, dates: Dates, open_ones: "set[Connection]") -> None:
        self._handler = handler
        self._dates = dates
        self._open_ones = open_ones
        self._buffer = bytearray()
        self._timer: asyncio.TimerHandle | None = None
        self._busy = False
        self._keep_open = True
        self._done: Callable[[], None] | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a TCP server hands over
        self._transport = transport
        self._open_ones.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Drop what was still to be sent."""
        self._open_ones.discard(self)
        self._count_as_done()
        if self._timer is not None:
            self._timer.cancel()

    def abort(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._buffer += data
        self._answer_all()
        if self._busy and len(self._buffer) > MAX_BODY + MAX_HEAD:
            self._transport.pause_reading()

    def _answer_all(self) -> None:
        while self._buffer and not self._busy and not self._transport.is_closing():
            try:
                parsed = parse(self._buffer)
            except BadRequest as bad:
                answer = error(bad.status, bad.reason)
                self._transport.write(render(answer, self._dates.text(), keep_open=False))
                self._transport.close()
                return
            if parsed is None:
                return
            request, size = parsed
            del self._buffer[:size]
            self._send(request, self._handler(request))

    def _send(self, request: Request, reply: Reply) -> None:
        self._done = reply.done
        # A length that does not fit would swallow the next answer.
        self._keep_open = request.keeps_open and not reply.answer.length_error
        bodiless = request.method == "HEAD"
        raw = render(reply.answer, self._dates.text(), keep_open=self._keep_open, bodiless=bodiless)
        if reply.latency:
            self._busy = True
            self._after(reply.latency, lambda: self._begin(raw, reply))
        else:
            self._begin(raw, reply)

    def _begin(self, raw: bytes, reply: Reply) -> None:
        if reply.manner is Manner.WHOLE:
            self._finish(raw)
            return
        self._busy = True
        self._misbehave(raw, reply)

    def _misbehave(self, raw: bytes, reply: Reply) -> None:
        match reply.manner:
            case Manner.LATE:
                self._after(reply.seconds, lambda: self._finish(raw))
            case Manner.DRIP | Manner.DRIP_HEAD | Manner.DRIP_BODY:
                self._drip_part(raw, reply)
            case Manner.CUT:
                self._keep_open = False
                self._finish(raw[: len(raw) - len(reply.answer.body) // 2 - 1])
            case Manner.RESET:
                self._reset()
            case Manner.RESET_MIDWAY:
                self._transport.write(raw[: len(raw) - len(reply.answer.body) // 2 - 1])
                self._after(reply.seconds, self._reset)  # what was sent needs time to arrive
            case Manner.HANG:
                pass  # the client has to lose patience first
            case _:
                self._misframe(raw, reply)

    def _misframe(self, raw: bytes, reply: Reply) -> None:
        match reply.manner:
            case Manner.INTERIM:
                self._transport.write(interim())
                self._after(reply.seconds, lambda: self._finish(raw))
            case Manner.TWICE:
                self._transport.write(raw)
                stray = render(_UNASKED, self._dates.text())
                self._after(reply.seconds, lambda: self._finish(stray))
            case Manner.ENDLESS:
                self._transport.write(chunked(raw[: len(raw) - len(reply.answer.body)]))
                self._chunk_endlessly(reply.seconds)

    def _finish(self, raw: bytes) -> None:
        self._transport.write(raw)
        self._count_as_done()
        if not self._keep_open:
            self._transport.close()
        elif self._busy:
            self._busy = False
            self._transport.resume_reading()
            self._answer_all()

    def _count_as_done(self) -> None:
        if self._done is not None:
            self._done()
            self._done = None

    def _drip_part(self, raw: bytes, reply: Reply) -> None:
        """Drip the head, the body or both; the rest travels in one piece."""
        head = raw.index(b"\r\n\r\n") + 4
        first = head if reply.manner is Manner.DRIP_BODY else 0
        last = head if reply.manner is Manner.DRIP_HEAD else len(raw)
        self._transport.write(raw[:first])
        self._drip(raw, range(first, last), reply.seconds)

    def _drip(self, raw: bytes, left: range, seconds: float) -> None:
        if len(left) <= 1:
            self._finish(raw[left.start :])
            return
        self._transport.write(raw[left.start : left.start + 1])
        self._after(seconds, lambda: self._drip(raw, left[1:], seconds))

    def _chunk_endlessly(self, seconds: float) -> None:
        self._transport.write(b"1\r\n \r\n")
        self._after(seconds, lambda: self._chunk_endlessly(seconds))

    def _after(self, seconds: float, then: Callable[[], None]) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, then)

    def _reset(self) -> None:
        raw_socket = self._transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            # Lingering for zero seconds makes the kernel send RST in place of FIN.
            raw_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        self._transport.abort()
