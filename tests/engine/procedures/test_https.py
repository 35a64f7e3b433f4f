"""Requests of procedures to servers with certificates: the address is pinned, and the name is checked all the same."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stdbpy.engine.procedures import checked_transport
from stdbpy.engine.procedures.http_requests import HttpRequests
from stdbpy.errors import HttpFailed
from stdbpy.schema.http import HttpRequestHead
from tests.engine.procedures.site import Said, site


def certificate(folder: Path, *names: x509.GeneralName) -> tuple[Path, ssl.SSLContext]:
    """The file of a certificate that vouches for itself, and what a server with it needs."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "public.pem", folder / "private.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context


@pytest.fixture
def trusting(monkeypatch):
    """Lets procedures trust the certificate in a file, too."""

    def trust(file: Path | None) -> None:
        if file is not None:
            monkeypatch.setenv("SSL_CERT_FILE", str(file))
        checked_transport._ssl_context.cache_clear()

    yield trust
    checked_transport._ssl_context.cache_clear()


def ask(url: str) -> tuple[int, bytes]:
    head, body = HttpRequests(allow_loopback=True).send(HttpRequestHead("GET", url), b"")
    return head.status, body


def test_names_are_checked_although_addresses_are_called(tmp_path, trusting):
    file, tls = certificate(tmp_path, x509.DNSName("localhost"))
    trusting(file)
    with site(lambda _: Said(b"hello"), tls) as here:
        assert ask(f"https://localhost:{here.port}/") == (200, b"hello")
        with pytest.raises(HttpFailed, match=r"client error \(Connect\).*CERTIFICATE_VERIFY_FAILED"):
            ask(f"https://127.0.0.1:{here.port}/")
        assert len(here.heard) == 1


def test_addresses_can_have_certificates(tmp_path, trusting):
    file, tls = certificate(tmp_path, x509.IPAddress(ip_address("127.0.0.1")))
    trusting(file)
    with site(lambda _: Said(b"hello"), tls) as here:
        assert ask(f"https://127.0.0.1:{here.port}/") == (200, b"hello")


def test_servers_that_nobody_vouches_for(tmp_path, trusting):
    _, tls = certificate(tmp_path, x509.DNSName("localhost"))
    trusting(None)
    with site(lambda _: Said(b"hello"), tls) as here:
        with pytest.raises(HttpFailed, match="CERTIFICATE_VERIFY_FAILED"):
            ask(f"https://localhost:{here.port}/")
        assert here.heard == []


def test_redirects_to_http_do_not_tell_where_they_come_from(tmp_path, trusting):
    file, tls = certificate(tmp_path, x509.DNSName("localhost"))
    trusting(file)
    with (
        site(lambda _: Said(b"hello")) as there,
        site(lambda _: Said(status=302, headers={"location": there.url}), tls) as here,
    ):
        assert ask(f"https://localhost:{here.port}/?secret=1") == (200, b"hello")
        assert "referer" not in {name.lower() for name, _ in there.heard[0].headers}
