"""The ledger's tree for everybody (C2SP tlog-tiles): checkpoint, tiles and proofs below `/log`, without a key.

What is public holds no tenant's data: a name, sizes, and hashes of entries that nobody can guess, since each has a
random id. It does tell how fast the ledger grows. Entries themselves need a key that may export the ledger; with
`ledger.public` off so does everything.
"""

import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Final, TypeAlias

from litestar.types import HTTPScope, Send

from gateway.audit.note import encoded
from gateway.audit.proofs import ProofError, written
from gateway.audit.tiles import Tile, TileNameError
from gateway.audit.tree import Tree
from gateway.domain.errors import GatewayError, NotFoundError, RefusedError
from gateway.http import guards
from gateway.http.pages import Page, bearer, send_page
from gateway.http.problems import problem, retry_after, status_of
from gateway.store import checkpoints, entries
from gateway.store.checkpoints import StoredCheckpoint
from gateway.wiring import House

MOUNT: Final = "/log"
PERMISSION: Final = "audit.export"
_TEXT: Final = "text/plain; charset=utf-8"
_BYTES: Final = "application/octet-stream"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_SECONDS: Final = "public, max-age=2"
_NUMBER: Final = r"(0|[1-9][0-9]{0,18})"


class ProofRefusedError(RefusedError):
    """A proof was asked for that no ledger of that size has."""

    code = "proof-refused"


_Show: TypeAlias = Callable[..., Awaitable[Page]]


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
            page = Page(told, "application/problem+json", "no-store", retry_after(error))
        page = replace(page, headers={**page.headers, "access-control-allow-origin": "*"})
        await send_page(send, status, page, request_id, head_only=scope["method"] == "HEAD")
        seconds = time.perf_counter() - started
        self._house.metrics.request(dialect="log", operation="Read", status=status, seconds=seconds)

    async def _answer(self, scope: HTTPScope) -> Page:
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
                return page if self._house.settings.ledger.public else Page(page.body, page.content_type, "no-store")
        raise NotFoundError(noun="page of the log", name=path)

    async def _require_key(self, headers: Mapping[str, str]) -> None:
        gate = self._house.serving.gate
        gate.access.require(await gate.identify(bearer(headers)), PERMISSION)

    async def _published(self) -> StoredCheckpoint:
        found = await self._house.proving.published()
        if found is None:
            raise NotFoundError(noun="checkpoint", name="newest")
        return found

    async def _checkpoint(self) -> Page:
        return Page((await self._published()).whole.encode(), _TEXT, _SECONDS)

    async def _policy(self) -> Page:
        return Page((await self._house.proving.policy()).encode(), _TEXT, _SECONDS)

    async def _tile(self, name: str) -> Page:
        tile = await self._named(name)
        return Page(await self._tree.tile(tile), _BYTES, _FOR_EVER)

    async def _bundle(self, name: str) -> Page:
        tile = await self._named(f"0/{name}")
        start = tile.end - tile.width
        async with self._house.database.reading() as connection:
            found = await entries.between(connection, start=start, stop=tile.end)
        if any(each.pruned for each in found):
            raise NotFoundError(noun="entry bundle", name=name)
        body = b"".join(len(each.leaf).to_bytes(2) + each.leaf for each in found)
        return Page(body, _BYTES, "private, no-store")

    async def _inclusion(self, seq: str) -> Page:
        """Prove an entry's place in the published checkpoint, as C2SP tlog-proof."""
        stored = await self._published()
        if int(seq) >= stored.size:
            raise NotFoundError(noun="entry", name=seq)
        proof = await self._tree.inclusion(int(seq), stored.size)
        return Page(written(int(seq), proof, stored.whole).encode(), _TEXT, _SECONDS)

    async def _consistency(self, old: str, new: str) -> Page:
        """Prove that the ledger of one size is the beginning of that of another: a hash a line."""
        if int(new) > (await self._newest_size()):
            raise NotFoundError(noun="checkpoint", name=new)
        try:
            proof = await self._tree.consistency(int(old), int(new))
        except ProofError as error:
            raise ProofRefusedError(f"{error}; give the smaller size first") from None
        return Page("".join(f"{encoded(each)}\n" for each in proof).encode(), _TEXT, _FOR_EVER)

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
