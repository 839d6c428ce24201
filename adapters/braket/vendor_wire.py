"""AWS as one question asks it: the credential opened once, every request signed for its region, every no understood.

What AWS says of us (the number of our account, the names of its users) is cut out of its words: they reach callers.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final, Self
from urllib.parse import quote

import msgspec

from adapters.braket.settings import BraketSettings
from gateway.domain.secret import Secret
from gateway.domain.signature import S3, Signer, sign_request
from gateway.ports.vendor import (
    AnswerLostError,
    Call,
    VendorAnswer,
    VendorBusyError,
    VendorCredentialError,
    VendorRequest,
    understood,
)

NAME: Final = "braket"
_OBJECT_BYTES: Final = 256 * 1024 * 1024
_OBJECT_SECONDS: Final = 120.0
_OUTDATED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "InvalidToken", "RequestExpired"})
"""What is said, with any status, of a credential that is no longer one."""
_THROTTLED: Final = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"})
_ACCOUNT: Final = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")
_RIGHT: Final = re.compile(r"not authorized to perform: ([A-Za-z0-9:*-]{1,64})")
_CODE: Final = re.compile(r"[A-Za-z0-9.]{1,64}")
_XML_CODE: Final = re.compile(r"<Code>([^<]*)</Code>")
_XML_MESSAGE: Final = re.compile(r"<Message>([^<]*)</Message>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Aws:
    """Amazon Braket and Amazon S3 for the length of one question."""

    settings: BraketSettings
    call: Call
    credential: Mapping[str, Secret] = field(repr=False)

    @classmethod
    async def opened(cls, settings: BraketSettings, call: Call) -> Self:
        """Open the account's credential."""
        return cls(settings=settings, call=call, credential=await call.open(""))

    async def braket(self, region: str, method: str, path: str, body: bytes = b"") -> VendorAnswer:
        """Ask Braket; `path` is encoded, an ARN in it as one segment."""
        headers = {"accept": "application/json"} | ({"content-type": "application/json"} if body else {})
        request = VendorRequest(
            method=method, url=f"{self.settings.url(NAME, region)}{path}", headers=headers, body=body
        )
        return await self._send(NAME, region, request)

    async def json(self, region: str, method: str, path: str, asked: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask Braket for an object."""
        body = b"" if asked is None else json.dumps(asked, separators=(",", ":")).encode("ascii")
        return told((await self.braket(region, method, path, body)).body)

    async def s3(self, region: str, path: str) -> bytes:
        """Fetch something from S3; `path` begins with the bucket."""
        request = VendorRequest(
            method="GET",
            url=f"{self.settings.url(S3, region)}{path}",
            seconds=_OBJECT_SECONDS,
            largest=_OBJECT_BYTES,
        )
        return (await self._send(S3, region, request)).body

    async def _send(self, service: str, region: str, request: VendorRequest) -> VendorAnswer:
        signer = Signer(
            access_key_id=self.credential["access_key_id"].reveal().decode("ascii"),
            secret=self.credential["secret_access_key"],
            region=region,
            service=service,
            token=self.credential.get("session_token"),
        )
        headers = sign_request(
            signer,
            method=request.method,
            url=request.url,
            headers=request.headers,
            body=request.body,
            now=self.call.now,
        )
        return _understood(await self.call.send(replace(request, headers=headers)))


def segment(text: str) -> str:
    """Encode text as one segment of a path, or as a value of a query."""
    return quote(text, safe="~")


def told(body: bytes) -> dict[str, Any]:
    """Read an answer.

    Raises:
        AnswerLostError: no JSON object.
    """
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except ValueError:
        raise AnswerLostError(f"{NAME} answered with something that is no JSON object") from None


def discreet(text: str) -> str:
    """Cut our account's number out of AWS's words."""
    return _ACCOUNT.sub("…", text)


def _understood(answer: VendorAnswer) -> VendorAnswer:
    """Let a success through. AWS has no 401: whatever is wrong with a credential, or its rights, is 403."""
    if answer.status < HTTPStatus.BAD_REQUEST:
        return understood(answer, vendor=NAME, words="")
    code, message = _words(answer)
    if answer.status == HTTPStatus.FORBIDDEN or code in _OUTDATED:
        right = _RIGHT.search(message)
        words = f"{code}, it may not do {right[1]}" if right else code
        raise VendorCredentialError(vendor=NAME, status=answer.status, words=words)
    if code in _THROTTLED and answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        raise VendorBusyError(f"{NAME} takes nothing now ({answer.status}): {code}")
    return understood(answer, vendor=NAME, words=discreet(f"{code}: {message}" if message else code))


def _words(answer: VendorAnswer) -> tuple[str, str]:
    """Find code and message: in JSON and a header from Braket, in XML from S3."""
    text = answer.body[:4096].decode("utf-8", "replace")
    if text.lstrip().startswith("<"):
        code, message = _XML_CODE.search(text), _XML_MESSAGE.search(text)
        return _plain(code[1] if code else ""), message[1] if message else ""
    try:
        said = json.loads(answer.body)
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    kind = answer.headers.get("x-amzn-errortype") or str(said.get("__type", ""))
    return _plain(kind.partition(":")[0].rpartition("#")[2]), str(said.get("message") or said.get("Message") or "")


def _plain(code: str) -> str:
    return code if _CODE.fullmatch(code) else "no code given"
