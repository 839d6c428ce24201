"""Secrets that an operator keeps in files: read once, and only if nobody else can read them."""

import stat
from pathlib import Path

from gateway.domain.errors import InsecureError
from gateway.domain.secret import Secret


def read(path: Path, setting: str, error: type[InsecureError], *, at_least: int = 1) -> Secret:
    """Read the secret that a setting names.

    Raises:
        InsecureError: of the given kind: it cannot be read, others can read it, or it is too short to be one.
    """
    try:
        mode, content = stat.S_IMODE(path.stat().st_mode), path.read_bytes().strip()
    except OSError:
        raise error(f"{setting} cannot be read; correct the path") from None
    if mode & 0o077:
        raise error(f"{setting} can be read by others; run: chmod 600 {path}")
    if len(content) < at_least:
        raise error(f"{setting} holds less than {at_least} bytes; make a secret: openssl rand -hex 32")
    return Secret(content)
