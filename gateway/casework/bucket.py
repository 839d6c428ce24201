"""A bucket with object lock (Amazon S3, or what speaks like it): put once, locked for years, and seen to be.

An object is put only where there is none of its name, with the moment until which nobody may change it. Whether the
service heeded that is asked for afterwards: some take the header and lock nothing.
"""

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import md5, sha256
from http import HTTPStatus
from typing import Final, TypeAlias

from gateway.casework.places import PlaceTakenError, PlaceUnavailableError
from gateway.domain.clock import Clock
from gateway.domain.signature import Signer, sign_request
from gateway.ports.vendor import VendorAnswer, VendorRequest

Send: TypeAlias = Callable[[VendorRequest], Awaitable[VendorAnswer]]

_SECONDS: Final = 120.0
_LARGEST: Final = 128 * 1024 * 1024
_CODE: Final = re.compile(rb"<Code>([A-Za-z0-9]{1,64})</Code>")
_LOCK: Final = "x-amz-object-lock-mode"
_UNTIL: Final = "x-amz-object-lock-retain-until-date"


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketPlace:
    """A bucket."""

    url: str
    """Of the bucket, with the prefix, ending with a slash."""
    signer: Signer
    retention: timedelta
    mode: str
    clock: Clock
    send: Send = field(repr=False)
    """The way out; raises `GatewayError` where no answer came."""

    async def put(self, name: str, content: bytes) -> None:
        """Keep an object, locked; see `Place`."""
        answer = await self._ask("PUT", name, self._headers(content), content)
        if answer.status == HTTPStatus.PRECONDITION_FAILED:
            await self._compare(name, content)
        elif answer.status != HTTPStatus.OK:
            raise _refused(answer)
        await self._check_lock(name)

    def _headers(self, content: bytes) -> Mapping[str, str]:
        until = (self.clock.now() + self.retention).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "content-type": "application/octet-stream",
            # Demanded with a lock; what protects the content is the signature over its SHA-256.
            "content-md5": b64encode(md5(content, usedforsecurity=False).digest()).decode(),
            "x-amz-checksum-sha256": b64encode(sha256(content).digest()).decode(),
            "if-none-match": "*",
            _LOCK: self.mode,
            _UNTIL: until,
        }

    async def _compare(self, name: str, content: bytes) -> None:
        """Make sure that what is there is what a crash kept us from noting down."""
        answer = await self._ask("GET", name, {}, b"")
        if answer.status != HTTPStatus.OK:
            raise _refused(answer)
        if answer.body != content:
            raise PlaceTakenError(name)

    async def _check_lock(self, name: str) -> None:
        answer = await self._ask("HEAD", name, {}, b"")
        if answer.status != HTTPStatus.OK or not answer.headers.get(_UNTIL) or not answer.headers.get(_LOCK):
            told = "the bucket of an export does not lock objects, or does not let the gateway see that it does"
            raise PlaceUnavailableError(f"{told}; make it with object lock and allow s3:GetObjectRetention")

    async def _ask(self, method: str, name: str, headers: Mapping[str, str], body: bytes) -> VendorAnswer:
        url = f"{self.url}{name}"
        signed = sign_request(self.signer, method=method, url=url, headers=headers, body=body, now=self.clock.now())
        request = VendorRequest(method=method, url=url, headers=signed, body=body, seconds=_SECONDS, largest=_LARGEST)
        return await self.send(request)


def _refused(answer: VendorAnswer) -> PlaceUnavailableError:
    code = _CODE.search(answer.body)
    told = f"{answer.status} {code[1].decode()}" if code else str(answer.status)
    return PlaceUnavailableError(f"the bucket of an export refused an object ({told}); look at its policy and lock")
