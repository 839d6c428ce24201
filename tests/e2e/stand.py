"""A console to look at: a gateway over https with people of every role, and an identity provider that knows them."""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import trustme

from gateway.casework.keys import IssuedKey, Wish
from gateway.casework.projects import Terms
from gateway.domain.principal import PrincipalKind
from gateway.wiring import House
from tests.fakes.id_tokens import CLIENT
from tests.fakes.oidc_provider import SECRET, OidcProvider
from tests.integration.people import within
from tests.running import Gateway

Answer = TypeVar("Answer")

ROLES = ("admin", "security", "operator", "auditor", "lead", "scientist", "service")
OUTSIDER = "outsider"
"""A scientist of another project."""


@dataclass
class Stand:
    """Everything that a test of the console needs."""

    gateway: Gateway
    provider: OidcProvider
    keys: dict[str, str]
    """Key of the person of each role, and of the outsider."""

    @property
    def url(self) -> str:
        """Where the console is."""
        return f"{self.gateway.url}/console"


def settings(home: Path, provider: OidcProvider) -> dict[str, str]:
    """Write certificate and client secret, and give the settings that name them."""
    issued = trustme.CA().issue_cert("127.0.0.1", "localhost")
    issued.cert_chain_pems[0].write_to_path(home / "certificate.pem")
    issued.private_key_pem.write_to_path(home / "key.pem")
    (home / "secret").write_text(SECRET)
    for name in ("key.pem", "secret"):
        (home / name).chmod(0o600)
    oidc = "GATEWAY_CONSOLE__OIDC__"
    return {
        "GATEWAY_SERVER__TLS__CERTIFICATE": str(home / "certificate.pem"),
        "GATEWAY_SERVER__TLS__PRIVATE_KEY": str(home / "key.pem"),
        "GATEWAY_CONSOLE__ATTEMPTS_PER_MINUTE": "1000",
        f"{oidc}ISSUER": provider.issuer,
        f"{oidc}CLIENT_ID": CLIENT,
        f"{oidc}CLIENT_SECRET_FILE": str(home / "secret"),
        f"{oidc}NAME": "Example Lab",
        f"{oidc}PRINCIPALS": '{"sub-audrey": "auditor", "sub-sam": "scientist", "sub-stranger": "stranger"}',
        f"{oidc}ROLES": '{"quantum-audit": ["auditor"], "quantum-science": ["scientist"]}',
    }


def introduce(provider: OidcProvider) -> None:
    """Let the provider know people: an auditor, a scientist, one without a group, one who is nobody here."""
    provider.people = {
        "audrey": {"sub": "sub-audrey", "groups": ["quantum-audit", "everybody"]},
        "sam": {"sub": "sub-sam", "groups": ["quantum-science"]},
        "idle": {"sub": "sub-audrey", "groups": ["everybody"]},
        "stranger": {"sub": "sub-stranger", "groups": ["quantum-audit"]},
    }


def settle(gateway: Gateway) -> dict[str, str]:
    """Give every role a person with a key."""

    async def people_of(house: House) -> dict[str, str]:
        return {name: await _person(house, name) for name in (*ROLES, OUTSIDER)}

    return inside(gateway, people_of)


def inside(gateway: Gateway, work: Callable[[House], Awaitable[Answer]]) -> Answer:
    """Do one piece of work on the deployment's state, in a thread: the browser's own loop holds this one."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(within, gateway, work).result()


async def _person(house: House, name: str) -> str:
    work = house.administration
    project = "elsewhere" if name == OUTSIDER else "lab"
    if project not in {each.name for each in await work.projects.every()}:
        await work.projects.create(name=project, terms=Terms(simulator_consent=True))
    kind = PrincipalKind.SERVICE if name == "service" else PrincipalKind.PERSON
    # The first administrator is there since `gateway init`.
    if name != "admin":
        await work.principals.create(name=name, kind=kind)
    role = "scientist" if name == OUTSIDER else name
    issued = await work.keys.new(principal=name, project=project, wish=Wish(roles=(role,), label="console"))
    return issued.text.reveal().decode()


async def another_key(house: House, name: str) -> IssuedKey:
    """Give somebody one more key."""
    return await house.administration.keys.new(principal=name, project="lab", wish=Wish(roles=(name,)))
