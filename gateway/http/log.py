"""The ledger's tree for everybody (C2SP tlog-tiles): checkpoint, tiles and proofs below `/log`, without a key.

What is public holds no tenant's data: a name, sizes, and hashes of entries that nobody can guess, since each has a
random id. It does tell how fast the ledger grows. Entries themselves need a key that may export the ledger; with
`ledger.public` off so does everything.
"""

import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, TypeAlias

from litestar.types import HTTPScope, Send

from gateway.audit.note import encoded
from gateway.audit.proofs import ProofError
from gateway.audit.tiles import Tile, TileNameError
from gateway.audit.tree import Tree
from gateway.audit.trust import policy
from gateway.domain.errors import GatewayError, NotFoundError, RefusedError
from gateway.domain.secret import Secret
from gateway.http import guards
from gateway.http.problems import problem, retry_after, status_of
from gateway.ports.dialect import ApiKey
from gateway.store import checkpoints, entries
from gateway.store.checkpoints import StoredCheckpoint
from gateway.wiring import House

MOUNT: Final = "/log"
PERMISSION: Final = "audit.export"
_TEXT: Final = "text/plain; charset=utf-8"
_BYTES: Final = "application/octet-stream"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_SECONDS: Final = "public, max-age=2"
_BEARER: Final = "bearer "
_NUMBER: Final = r"(0|[1-9][0-9]{0,18})"


class ProofRefusedError(RefusedError):
    """A proof was asked for that no ledger of that size has."""

    code = "proof-refused"


@dataclass(frozen=True, slots=True)
class _Page:
    """One answer, and how long it stays true."""

    body: bytes
    content_type: str
    cache: str
    headers: Mapping[str, str] = field(default_factory=dict)


_Show: TypeAlias = Callable[..., Awaitable[_Page]]


class Log:
    """Serves `/log`."""

    def __init__(self, house: House, request_ids: Iterator[str]) -> None:
        self._house, self._ids = house, request_ids
        self._tree: Tree = house.checkpoints.tree
        self._routes: tuple[tuple[re.Pattern[str], _Show, bool], ...] = (
            (re.compile("/checkpoint"), self._checkpoint, False),
            (re.compile("/policy"), self._policy, False),
            (re.compile("/tile/entries/(.+)"), self._bundle, True),
            (re.compile("/tile/(.+)"), self._tile, False),
            (re.compile(f"/proof/inclusion/{_NUMBER}"), self._inclusion, False),
            (re.compile(f"/proof/consistency/{_NUMBER}/{_NUMBER}"), self._consistency, False),
        )

    async def serve(self, scope: HTTPScope, send: Send) -> None:
        """Answer one request."""
        request_id, started, status = next(self._ids), time.perf_counter(), int(HTTPStatus.OK)
        try:
            page = await self._answer(scope)
        except GatewayError as error:
            status, told = status_of(error), problem(error, request_id=request_id)
            page = _Page(told, "application/problem+json", "no-store", retry_after(error))
        await _send(send, status, page, request_id, head_only=scope["method"] == "HEAD")
        seconds = time.perf_counter() - started
        self._house.metrics.request(dialect="log", operation="Read", status=status, seconds=seconds)

    async def _answer(self, scope: HTTPScope) -> _Page:
        server = self._house.settings.server
        guards.check_peer(scope, server.trusted_proxies)
        headers = guards.headers_of(scope)
        guards.check_host(headers, server.host_names)
        path = guards.check_target(scope)[len(MOUNT) :]
        if scope["method"] not in {"GET", "HEAD"}:
            raise guards.MethodRefusedError("the log is only read; use GET")
        for pattern, show, private in self._routes:
            if match := pattern.fullmatch(path):
                if private or not self._house.settings.ledger.public:
                    await self._require_key(headers)
                page = await show(*match.groups())
                return page if self._house.settings.ledger.public else _Page(page.body, page.content_type, "no-store")
        raise NotFoundError(noun="page of the log", name=path)

    async def _require_key(self, headers: Mapping[str, str]) -> None:
        text = headers.get("authorization", "")
        shown = ApiKey(Secret.of(text[len(_BEARER) :].strip())) if text.lower().startswith(_BEARER) else None
        gate = self._house.serving.gate
        gate.access.require(await gate.identify(shown), PERMISSION)

    async def _published(self) -> StoredCheckpoint:
        """Give the newest checkpoint that as many witnesses cosigned as the settings demand."""
        required = self._house.settings.witnesses_required
        async with self._house.database.reading() as connection:
            found = await checkpoints.newest(connection, cosigned_by=required)
        if found is None:
            raise NotFoundError(noun="checkpoint", name="newest")
        return found

    async def _checkpoint(self) -> _Page:
        return _Page((await self._published()).whole.encode(), _TEXT, _SECONDS)

    async def _policy(self) -> _Page:
        history = await self._house.checkpoints.keyring.history()
        keys = [key for pair in history.pairs for key in pair.keys]
        settings = self._house.settings
        witnesses = {name: each.verifier_keys for name, each in settings.witnesses.items()}
        return _Page(policy(keys, witnesses, settings.witnesses_required).encode(), _TEXT, _SECONDS)

    async def _tile(self, name: str) -> _Page:
        tile = await self._named(name)
        return _Page(await self._tree.tile(tile), _BYTES, _FOR_EVER)

    async def _bundle(self, name: str) -> _Page:
        tile = await self._named(f"0/{name}")
        start = tile.end - tile.width
        async with self._house.database.reading() as connection:
            found = await entries.between(connection, start=start, stop=tile.end)
        body = b"".join(len(each.leaf).to_bytes(2) + each.leaf for each in found)
        return _Page(body, _BYTES, "private, no-store")

    async def _inclusion(self, seq: str) -> _Page:
        """Prove an entry's place in the published checkpoint, as C2SP tlog-proof."""
        stored = await self._published()
        if int(seq) >= stored.size:
            raise NotFoundError(noun="entry", name=seq)
        proof = await self._tree.inclusion(int(seq), stored.size)
        lines = ["c2sp.org/tlog-proof@v1", f"index {seq}", *map(encoded, proof), "", stored.whole]
        return _Page("\n".join(lines).encode(), _TEXT, _SECONDS)

    async def _consistency(self, old: str, new: str) -> _Page:
        """Prove that the ledger of one size is the beginning of that of another: a hash a line."""
        if int(new) > (await self._newest_size()):
            raise NotFoundError(noun="checkpoint", name=new)
        try:
            proof = await self._tree.consistency(int(old), int(new))
        except ProofError as error:
            raise ProofRefusedError(f"{error}; give the smaller size first") from None
        return _Page("".join(f"{encoded(each)}\n" for each in proof).encode(), _TEXT, _FOR_EVER)

    async def _named(self, name: str) -> Tile:
        """Read the name of a tile that a signed checkpoint covers."""
        try:
            tile = Tile.parse(name)
        except TileNameError:
            raise NotFoundError(noun="tile", name=name) from None
        if tile.end > await self._newest_size():
            raise NotFoundError(noun="tile", name=name)
        return tile

    async def _newest_size(self) -> int:
        async with self._house.database.reading() as connection:
            found = await checkpoints.newest(connection)
        return 0 if found is None else found.size


async def _send(send: Send, status: int, page: _Page, request_id: str, *, head_only: bool) -> None:
    headers = {
        **page.headers,
        "content-type": page.content_type,
        "content-length": str(len(page.body)),
        "cache-control": page.cache,
        "access-control-allow-origin": "*",
        "x-content-type-options": "nosniff",
        "qgw-request-id": request_id,
    }
    written = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": written})
    await send({"type": "http.response.body", "body": b"" if head_only else page.body, "more_body": False})
