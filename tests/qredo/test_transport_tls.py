"""Only a trusted certificate for the very host: otherwise not one header leaves."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from qredo import Timeout, Tls, Transport
from tests.qredo.server import LoopbackServer, answer, serving

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


def test_trusted_certificate_serves_and_is_kept(good: Path) -> None:
    with serving(answer(200, b"{}"), context=server_context(good)) as server:
        transport = Transport(ca_file=f"{good}.crt")
        assert [transport.get(server.url, {}).body for _ in range(2)] == [b"{}"] * 2
        assert server.connections == 1


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
