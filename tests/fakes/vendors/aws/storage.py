"""The buckets and objects of the fake S3, and what it remembers of them."""

import hashlib
import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.fakes.vendors.journal import Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One object."""

    body: bytes
    content_type: str
    modified_at: datetime
    lock_mode: str = ""
    locked_until: str = ""

    @property
    def etag(self) -> str:
        """Give the entity tag, quoted."""
        return f'"{hashlib.md5(self.body, usedforsecurity=False).hexdigest()}"'

    @property
    def crc32(self) -> str:
        """Give the checksum as S3 writes it."""
        return b64encode(zlib.crc32(self.body).to_bytes(4, "big")).decode()


class Storage:
    """Buckets by name with their region, objects by bucket and key."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.buckets: dict[str, str] = journal.table("bucket")
        self.locking: set[str] = set()
        """Buckets that were made with object lock."""
        self._objects: dict[tuple[str, str], Stored] = {}
        for name, kept in journal.table("object").items():
            bucket, _, key = name.partition("/")
            self._objects[bucket, key] = Stored(
                body=b64decode(kept["body"]),
                content_type=kept["content_type"],
                modified_at=datetime.fromisoformat(kept["modified_at"]),
            )

    def create(self, bucket: str, region: str) -> None:
        """Make a bucket."""
        self.buckets[bucket] = region
        self._journal.keep("bucket", bucket, region)

    def write(
        self, bucket: str, key: str, body: bytes, content_type: str, *, lock_mode: str = "", locked_until: str = ""
    ) -> Stored:
        """Put an object in the place of whatever was there; what was locked stays as another version of it."""
        stored = Stored(
            body=body,
            content_type=content_type,
            modified_at=datetime.now(UTC).replace(microsecond=0),
            lock_mode=lock_mode,
            locked_until=locked_until,
        )
        self._objects[bucket, key] = stored
        kept = {"body": b64encode(body).decode(), "content_type": content_type}
        self._journal.keep("object", f"{bucket}/{key}", kept | {"modified_at": stored.modified_at.isoformat()})
        return stored

    def read(self, bucket: str, key: str) -> Stored | None:
        """Give an object, if there is one."""
        return self._objects.get((bucket, key))

    def keys(self, bucket: str, prefix: str) -> Sequence[str]:
        """Give the keys under a prefix, in S3's order."""
        return sorted(
            (key for place, key in self._objects if place == bucket and key.startswith(prefix)), key=str.encode
        )
