"""The two listeners: `server`, where vendor SDKs come in, and `management`, for metrics and health.

Neither can be built exposed: a key sent in the clear over a network is a key given away.
"""

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, IPvAnyNetwork, model_validator

from gateway.domain.errors import InsecureError
from gateway.settings.addresses import WILDCARDS, is_loopback, is_private_channel, with_port
from gateway.settings.section import Place, Section

Port = Annotated[int, Field(ge=0, le=65535)]


def _http_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError(
            "an http or https address without user, query or fragment, such as https://gateway.example.org"
        )
    return url.rstrip("/")


def _named_host(host: str) -> str:
    if "*" in host or "/" in host:
        raise ValueError("exact host names, no wildcards and no paths, such as gateway.example.org")
    return host.lower()


HttpUrl = Annotated[str, AfterValidator(_http_url)]
HostName = Annotated[str, AfterValidator(_named_host)]


class Tls(Section):
    """The gateway's own certificate, when it terminates TLS itself."""

    certificate: Place
    """PEM file with the certificate and its chain."""
    private_key: Place
    """PEM file with the private key; readable by its owner alone."""


class Server(Section):
    """Where vendor SDKs reach the gateway."""

    host: str = "127.0.0.1"
    """Address to listen on. Beyond loopback, `tls` or a declared terminating proxy is a must."""
    port: Port = 8080
    """TCP port to listen on; 0 takes any free one and logs which."""
    public_url: HttpUrl | None = None
    """Address that clients use, when it is not the listener's own: behind a proxy, or with a real name."""
    tls: Tls | None = None
    """Certificate and key; absent means plain HTTP, for loopback or behind a terminating proxy only."""
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()
    """Addresses or networks of the proxy that terminates TLS; connections from elsewhere are refused."""
    allowed_hosts: tuple[HostName, ...] = ()
    """Further `Host` names to answer to; the names of `public_url` and of the listener always are."""
    backlog: Annotated[int, Field(ge=16, le=65535)] = 1024
    """Connections the kernel keeps waiting for a worker."""
    max_body_bytes: Annotated[int, Field(ge=1024, le=1024**3)] = 16 * 1024**2
    """Largest request body; a longer one is refused before it is read."""
    body_timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    """How long a client may take to send a body."""
    header_timeout_ms: Annotated[int, Field(ge=100, le=60_000)] = 5_000
    """How long a client may take to send its request line and headers."""
    drain_seconds: Annotated[float, Field(ge=0, le=600)] = 10.0
    """How long requests in flight may take to finish when the gateway is asked to stop."""

    @model_validator(mode="after")
    def _refuse_exposure(self) -> Self:
        if self.public_url and not is_private_channel(self.public_url):
            raise InsecureError(
                "server.public_url is plain http beyond loopback: keys would travel in the clear; use https"
            )
        if any(network.prefixlen == 0 for network in self.trusted_proxies):
            raise InsecureError("server.trusted_proxies trusts every address; name the proxy's own address or network")
        if not is_loopback(self.host) and self.tls is None and not self.behind_proxy:
            raise InsecureError(
                f"server.host {self.host} is beyond loopback without TLS; set server.tls.certificate and "
                "server.tls.private_key, or declare the terminating proxy with server.public_url (https) and "
                "server.trusted_proxies, or listen on 127.0.0.1"
            )
        if self.host in WILDCARDS and not (self.public_url or self.allowed_hosts):
            raise InsecureError(
                f"server.host {self.host} answers to any Host name; set server.public_url or server.allowed_hosts"
            )
        return self

    @property
    def behind_proxy(self) -> bool:
        """Whether a declared proxy terminates TLS in front of this listener."""
        return bool(self.trusted_proxies) and (self.public_url or "").startswith("https://")

    @property
    def origin(self) -> str:
        """The listener's own address, without a trailing slash."""
        return with_port("https" if self.tls else "http", self.host, self.port)

    @property
    def url(self) -> str:
        """The address that clients are told, without a trailing slash."""
        return self.public_url or self.origin

    @property
    def host_names(self) -> frozenset[str]:
        """Every name, without port, that a `Host` header may carry."""
        own = {urlsplit(self.url).hostname or ""} | set(self.allowed_hosts)
        if self.host not in WILDCARDS:
            own.add(self.host.lower())
        return frozenset(own | {"127.0.0.1", "::1", "localhost"} if is_loopback(self.host) else own)


class Management(Section):
    """Metrics and health, on a listener of their own that asks for no key."""

    host: str = "127.0.0.1"
    """Loopback address to listen on; nothing else is accepted, because nobody is asked for a key here."""
    port: Port = 9464
    """TCP port to listen on; 0 takes any free one and logs which."""

    @model_validator(mode="after")
    def _refuse_exposure(self) -> Self:
        if not is_loopback(self.host):
            raise InsecureError(
                f"management.host {self.host} is beyond loopback and asks for no key; listen on 127.0.0.1 "
                "and let a local agent or proxy carry the metrics on"
            )
        return self

    @property
    def origin(self) -> str:
        """The listener's own address, without a trailing slash."""
        return with_port("http", self.host, self.port)
