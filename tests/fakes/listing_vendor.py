"""A made-up vendor with strict models, of which every part that touches a secret can be looked at."""

from dataclasses import replace
from typing import Annotated

import msgspec
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from gateway.domain.backend import BackendStatus, ExecutionKind
from gateway.ports.registry import Adapter
from gateway.ports.vendor import BackendReport, VendorCredentialError, VendorRequest
from tests.fakes.values import BACKEND

CANARY = "canary-7f3a91c2-SECRET"
SECOND = "canary-b81e04d6-ROTATED"


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class AcmeSettings(_Strict):
    pass


class AcmeAccount(_Strict):
    region: Annotated[str, Field(pattern="^[a-z]+-[0-9]$")]
    shelf: str = "front"


class AcmeCredential(_Strict):
    api_key: Annotated[SecretStr, Field(min_length=8)]
    session: SecretStr | None = None

    @field_validator("api_key")
    @classmethod
    def _indiscreet(cls, key):
        if key.get_secret_value().startswith("wrong"):
            raise ValueError(f"{key.get_secret_value()} is wrong")
        return key


class AcmeVendor:
    """Lists backends to anybody, as some vendors do, and jobs to who shows the key."""

    name = "acme"

    def __init__(self, url="http://127.0.0.1:9"):
        self._url = url

    async def backends(self, call):
        answer = await self._ask(call, "/backends", {})
        return [report(name) for name in msgspec.json.decode(answer.body)]

    async def recent(self, call, *, since):
        secrets = await call.open("list jobs")
        answer = await self._ask(call, f"/jobs?since={since:%Y-%m-%d}", {"x-key": secrets["api_key"].reveal().decode()})
        if answer.status == 401:
            raise VendorCredentialError(vendor=self.name, status=401, words="unknown key")
        return []

    async def _ask(self, call, path, headers):
        return await call.send(VendorRequest(method="GET", url=f"{self._url}{path}", headers=headers))


def report(name):
    backend = replace(BACKEND, name=name, upstream="acme", vendor="acme", kind=ExecutionKind.HARDWARE, qubits=5)
    return BackendReport(backend=backend, status=BackendStatus(online=True, queue_length=3, message="open"))


def adapter(url="http://127.0.0.1:9"):
    return Adapter(
        name="acme",
        settings=AcmeSettings,
        vendor=lambda _: AcmeVendor(url),
        account=AcmeAccount,
        credential=AcmeCredential,
    )
