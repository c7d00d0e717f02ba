"""Only a trusted certificate for the very host: otherwise not one header leaves."""

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from qredo import Timeout, Tls, Transport, UpstreamError
from qredo.connections import OneRequestConnection
from qredo.framing import BadAnswer
from tests.qredo.server import LoopbackServer, Script, answer, raw, serving

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the keys")


def certificate(folder: Path, *, subject: str) -> Path:
    made = folder / f"{subject.replace(':', '_')}.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        f"-subj /CN=made-up -addext subjectAltName={subject} -keyout {made} -out {made}.crt"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    made.write_text(made.read_text() + Path(f"{made}.crt").read_text())
    return made


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"), subject="IP:127.0.0.1")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"), subject="DNS:elsewhere.invalid")


def server_context(chain: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context


def assert_nothing_was_sent(server: LoopbackServer, transport: Transport) -> None:
    with pytest.raises(Tls, match=f"127.0.0.1:{server.port}") as caught:
        transport.get(server.url.replace("http:", "https:"), {"qredo-api-sig": "made-up"})
    assert caught.value.permanent
    assert "made-up" not in "".join(server.heads)


def test_trusted_certificate_serves(good: Path) -> None:
    with serving(answer(200, b"{}"), context=server_context(good)) as server:
        transport = Transport(ca_file=f"{good}.crt")
        assert [transport.get(server.url, {}).body for _ in range(2)] == [b"{}"] * 2
        assert server.connections == 2


def test_two_answers_in_one_record_are_none(good: Path) -> None:
    # The second waits decrypted, where no look at the socket shows it.
    two = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" * 2, keep=True)
    with serving(two, answer(200, b"[]"), context=server_context(good)) as server:
        transport = Transport(ca_file=f"{good}.crt")
        with pytest.raises(UpstreamError, match="more bytes follow its end"):
            transport.get(server.url, {})
        assert transport.get(server.url, {}).body == b"[]"


def test_bytes_that_wait_decrypted_behind_a_long_answer_are_seen(good: Path) -> None:
    # Records hold 16 KB at most: what is read last holds the answer's end, what follows another.
    body = b" " * 20_000
    long = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n" + body + b"stray", keep=True)
    transport = Transport(ca_file=f"{good}.crt")
    with serving(long, context=server_context(good)) as server, pytest.raises(UpstreamError):
        transport.get(server.url, {})


def test_what_waits_decrypted_before_the_request_keeps_it_from_being_sent(good: Path) -> None:
    ours, theirs = socket.socketpair()
    trusting = ssl.create_default_context(cafile=f"{good}.crt")

    def greet() -> ssl.SSLSocket:
        stream = server_context(good).wrap_socket(theirs, server_side=True)
        stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        return stream

    with ThreadPoolExecutor(1) as pool:
        greeted = pool.submit(greet)
        connection = OneRequestConnection("127.0.0.1")
        connection.sock = trusting.wrap_socket(ours, server_hostname="127.0.0.1")
        with connection.sock, greeted.result(5) as server:
            assert_unsent(connection, server)


def assert_unsent(connection: OneRequestConnection, server: socket.socket) -> None:
    with pytest.raises(BadAnswer, match="began before the request"):
        connection.send(b"GET / HTTP/1.1\r\n\r\n")
    server.settimeout(0)
    with pytest.raises(ssl.SSLWantReadError):
        server.recv(1)


def test_unknown_certificate(good: Path) -> None:
    with serving(answer(200), context=server_context(good)) as server:
        assert_nothing_was_sent(server, Transport())


def test_wrong_host_name(elsewhere: Path) -> None:
    with serving(answer(200), context=server_context(elsewhere)) as server:
        assert_nothing_was_sent(server, Transport(ca_file=f"{elsewhere}.crt"))


def test_handshake_that_never_ends_is_bounded() -> None:
    # A plain server waits for the end of headers, which the hello of TLS does not have.
    with serving(answer(400)) as server:
        with pytest.raises(Timeout):
            Transport(connect_timeout=0.3).get(server.url.replace("http:", "https:"), {})
        assert server.heads == []


def test_missing_ca_file_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Transport(ca_file=str(tmp_path / "none.pem"))


def through(target: LoopbackServer, first: bytes) -> Script:
    """A proxy that says `first` to CONNECT and then passes bytes on both ways."""

    def script(sock: socket.socket) -> bool:
        sock.sendall(first)
        with socket.create_connection(("127.0.0.1", target.port)) as onward:
            back = threading.Thread(target=passed_on, args=(onward, sock), daemon=True)
            back.start()
            passed_on(sock, onward)
            back.join(5)
        return False

    return script


def passed_on(here: socket.socket, there: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := here.recv(65_536):
            there.sendall(data)
        there.shutdown(socket.SHUT_WR)


def test_every_request_has_a_tunnel_of_its_own_and_interim_answers_are_skipped(good: Path) -> None:
    hint, tunnel = b"HTTP/1.1 103 Early Hints\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"
    hinting = raw(hint + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", keep=True)
    with (
        serving(hinting, answer(200, b"[]"), context=server_context(good)) as server,
        serving(through(server, hint + tunnel)) as proxy,
    ):
        transport = Transport(ca_file=f"{good}.crt", proxy=proxy.url)
        assert [transport.get(server.url, {}).body for _ in range(2)] == [b"{}", b"[]"]
        assert (proxy.connections, server.connections) == (2, 2)
        assert [head.split(" ")[0] for head in proxy.heads] == ["CONNECT"] * 2


def test_tls_within_tls_to_the_proxy(good: Path) -> None:
    two = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" * 2, keep=True)
    with (
        serving(answer(200, b"{}"), two, context=server_context(good)) as server,
        serving(through(server, b"HTTP/1.1 200 OK\r\n\r\n"), context=server_context(good)) as proxy,
    ):
        transport = Transport(ca_file=f"{good}.crt", proxy=proxy.url)
        assert transport.get(server.url, {}).body == b"{}"
        with pytest.raises(UpstreamError, match="more bytes follow its end"):
            transport.get(server.url, {})
