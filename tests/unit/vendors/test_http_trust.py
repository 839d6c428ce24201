"""Whom the wire to a vendor believes: certificates, a pinned authority, an egress proxy."""

import ssl

import pytest
import trustme

from gateway.domain.errors import InsecureError
from gateway.ports.vendor import VendorUnreachableError
from gateway.vendors.http import VendorSession
from gateway.vendors.settings import VendorHttp
from tests.unit.vendors.servers import OK, post, proxying, running

SECRET = "canary-credential"


@pytest.fixture
def authority():
    return trustme.CA()


@pytest.fixture
def certificate(authority, tmp_path):
    """Write the authority into a file, and give a server's context for a name."""

    def make(name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        return context

    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return make


async def test_a_pinned_authority_is_believed(session, certificate, tmp_path):
    async with running(OK, tls=certificate("127.0.0.1")) as server:
        got = await session(ca_file=tmp_path / "ca.pem").send(post(server.url))

    assert got.status == 200


@pytest.mark.parametrize(("name", "pinned"), [("127.0.0.1", False), ("elsewhere.example.org", True)])
async def test_an_unknown_authority_or_another_name_is_not(session, certificate, tmp_path, name, pinned):
    """Nothing of the request may have left: whoever answers is not the vendor."""
    async with running(OK, tls=certificate(name)) as server:
        with pytest.raises(VendorUnreachableError, match="its certificate is not trusted"):
            await session(ca_file=tmp_path / "ca.pem" if pinned else None).send(post(server.url))

    assert server.requests == []


def test_a_pinned_authority_that_cannot_be_read_stops_the_start(tmp_path):
    (tmp_path / "bad.pem").write_text("no certificate")
    for name in ("bad.pem", "missing.pem"):
        with pytest.raises(InsecureError, match="ca_file of vendor acme"):
            VendorSession("acme", VendorHttp(ca_file=tmp_path / name))


async def test_an_egress_proxy_tunnels_and_cannot_read(session, certificate, tmp_path):
    async with running(OK, tls=certificate("127.0.0.1")) as server, proxying() as (proxy, asked):
        got = await session(proxy=proxy, ca_file=tmp_path / "ca.pem").send(
            post(f"{server.url}/jobs", headers={"Authorization": SECRET})
        )

    assert got.status == 200
    assert asked[0].startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1")
    assert "Proxy-Authorization: Basic" in asked[0]
    assert SECRET not in asked[0]


async def test_a_proxy_that_refuses_is_unreachable(session, certificate, tmp_path):
    async with proxying(answers=b"HTTP/1.1 407 Authenticate\r\nContent-Length: 0\r\n\r\n") as (proxy, _):
        with pytest.raises(VendorUnreachableError, match="the egress proxy does not connect"):
            await session(proxy=proxy).send(post("https://127.0.0.1:1/"))


def test_a_proxys_password_does_not_show():
    assert "pass" not in repr(VendorHttp(proxy="http://user:pass@proxy.example.org:3128"))
