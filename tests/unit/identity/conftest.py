"""One deployment's people and keys, held in memory as the identity view holds them."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from gateway.domain.classification import Classification
from gateway.domain.principal import Key, Principal, PrincipalKind, Project, WorkloadClass
from gateway.identity.api_keys import Peppers, mint
from gateway.identity.authenticate import Authenticator
from gateway.identity.signing import SigningPairs
from gateway.identity.tokens import Tokens
from gateway.store.keys import StoredKey

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


class Deriver:
    """Derives from a fixed master, as a key provider or vault would from a real one."""

    def __init__(self, master="one deployment"):
        self.master = master

    def derive(self, purpose):
        return sha256(f"{self.master}/{purpose}".encode()).digest()


@dataclass
class Watch:
    """A clock that stands still until it is moved."""

    moment: datetime = NOW

    def now(self):
        return self.moment


@dataclass
class View:
    """What `store.view.IdentityView` offers."""

    stored: dict = field(default_factory=dict)
    principals: dict = field(default_factory=dict)
    projects: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)

    def key(self, key_id):
        stored = self.stored_key(key_id)
        return None if stored is None else stored.key

    def stored_key(self, key_id):
        self.asked.append(key_id)
        return self.stored.get(key_id)

    def principal(self, principal_id):
        return self.principals.get(principal_id)

    def project(self, project_id):
        return self.projects.get(project_id)

    def change(self, key_id, **changes):
        stored = self.stored[key_id]
        self.stored[key_id] = replace(stored, key=replace(stored.key, **changes))


@pytest.fixture
def clock():
    return Watch()


@pytest.fixture
def peppers():
    return Peppers(Deriver())


@pytest.fixture
def tokens(clock):
    return Tokens(deriver=Deriver(), clock=clock, issuer="gateway.example.org")


@pytest.fixture
def minted(peppers):
    return mint(peppers)


@pytest.fixture
def key(minted):
    return Key(
        id=minted.id,
        principal_id="0190-alice",
        project_id="0190-chemistry",
        label="laptop",
        roles=("scientist",),
        classification=None,
        simulator_consent=None,
        created_at=NOW - timedelta(days=10),
        not_before=NOW - timedelta(days=10),
        expires_at=NOW + timedelta(days=80),
        revoked_at=None,
        created_by="operator",
    )


@pytest.fixture
def view(minted, key):
    principal = Principal(id="0190-alice", name="alice", kind=PrincipalKind.PERSON, created_at=NOW)
    project = Project(
        id="0190-chemistry",
        name="chemistry",
        team="research",
        classification_floor=Classification.INTERNAL,
        workload_class=WorkloadClass.EXPERIMENTAL,
        simulator_consent=True,
        backends=None,
        created_at=NOW,
    )
    return View(
        stored={key.id: StoredKey(key=key, mac=minted.mac, pepper_version=minted.pepper_version)},
        principals={principal.id: principal},
        projects={project.id: project},
    )


@pytest.fixture
def pairs():
    return SigningPairs(Deriver())


@pytest.fixture
def door(view, peppers, tokens, pairs, clock):
    return Authenticator(view=view, peppers=peppers, tokens=tokens, pairs=pairs, clock=clock)
