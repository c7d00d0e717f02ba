"""A loopback server that says exactly what a test scripts, byte for byte."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator

Script = Callable[[socket.socket], bool]


class LoopbackServer:
    """Hands each request, in order, to the next script; the last one serves all that follow.

    A script writes to the socket and returns whether the connection stays open.
    """

    def __init__(self, *scripts: Script, context: ssl.SSLContext | None = None) -> None:
        self.heads: list[str] = []
        self.connections = 0
        self.closing = threading.Event()
        self._scripts = list(scripts)
        self._context = context
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}"

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def stop(self) -> None:
        self.closing.set()
        # shutdown wakes the thread that waits in accept; close alone would not.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            stream = self._context.wrap_socket(sock, server_side=True) if self._context else sock
            while (head := _read_head(stream)) and self._next_script(head)(stream):
                pass
            stream.close()

    def _next_script(self, head: str) -> Script:
        with self._lock:
            self.heads.append(head)
            return self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]


def _read_head(stream: socket.socket) -> str:
    received = b""
    while not received.endswith(b"\r\n\r\n"):
        data = stream.recv(65_536)
        if not data:
            return ""
        received += data
    return received.decode("ascii")


@contextlib.contextmanager
def serving(*scripts: Script, context: ssl.SSLContext | None = None) -> Iterator[LoopbackServer]:
    server = LoopbackServer(*scripts, context=context)
    thread = threading.Thread(target=server.accept, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(5)


def raw(data: bytes, *, keep: bool = False) -> Script:
    def script(sock: socket.socket) -> bool:
        sock.sendall(data)
        return keep

    return script


def answer(status: int, body: bytes = b"", *headers: str) -> Script:
    lines = [f"HTTP/1.1 {status} Made Up", f"Content-Length: {len(body)}", *headers, "", ""]
    return raw("\r\n".join(lines).encode("ascii") + body, keep=True)


def reset(sock: socket.socket) -> bool:
    # Lingering for zero seconds makes close send a reset.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def dripping(start: bytes, drop: bytes, *, every: float) -> Script:
    """Sends `start`, then `drop` again and again until the client has gone."""

    def script(sock: socket.socket) -> bool:
        sock.sendall(start)
        gone = threading.Event()
        while not gone.wait(every):
            sock.sendall(drop)
        return False

    return script
