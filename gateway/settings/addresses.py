"""What counts as this machine alone: the rule that decides where TLS is a must."""

from ipaddress import ip_address
from urllib.parse import urlsplit

LOOPBACK_NAMES = frozenset({"localhost"})
WILDCARDS = frozenset({"0.0.0.0", "::"})  # noqa: S104  # named here so that they can be refused


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine can reach, or be, `host`; a name we cannot read is not."""
    if host in LOOPBACK_NAMES:
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_private_channel(url: str) -> bool:
    """Whether what is sent to `url` stays on this machine or is encrypted."""
    parts = urlsplit(url)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")


def with_port(scheme: str, host: str, port: int) -> str:
    """Write an origin; an IPv6 address gets its brackets, a scheme's own port is left out."""
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" if port == {"http": 80, "https": 443}[scheme] else f"{scheme}://{name}:{port}"
