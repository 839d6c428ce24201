"""Style sheets, scripts and pictures: read once, and named by their content, so that a browser keeps them for good."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from gateway.domain.errors import NotFoundError

FOLDER: Final = Path(__file__).with_name("static")
TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, and the name under which it is served."""

    served: str
    body: bytes
    media_type: str


class Assets:
    """Every file of the folder."""

    def __init__(self, mount: str, folder: Path = FOLDER) -> None:
        self._mount = mount
        self._named = {path.name: _asset(path) for path in sorted(folder.iterdir()) if path.suffix in TYPES}
        self._served = {asset.served: asset for asset in self._named.values()}

    def __contains__(self, name: object) -> bool:
        """Say whether there is a file of that name."""
        return name in self._named

    def url(self, name: str) -> str:
        """Give the path of a file; a name that is not there is a defect of a template.

        Raises:
            KeyError: there is no such file.
        """
        return f"{self._mount}/{self._named[name].served}"

    def served(self, name: str) -> Asset:
        """Give what is served under a name.

        Raises:
            NotFoundError: nothing is, or not any more.
        """
        if name not in self._served:
            raise NotFoundError(noun="file", name=name[:80])
        return self._served[name]


def _asset(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(f"{path.stem}-{sha256(body).hexdigest()[:12]}{path.suffix}", body, TYPES[path.suffix])
