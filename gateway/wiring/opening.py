"""Opens what the command line needs: database, keys, ledger, and policy files when first needed.

All is closed in reverse order.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from typing import Any

from gateway.audit.ledger import Ledger
from gateway.audit.merkle import MerkleChain
from gateway.audit.publish import Checkpoints
from gateway.budgets.quote import PriceBook
from gateway.casework.administration import Administration
from gateway.casework.approvals import Approvals
from gateway.casework.entries import AdminEntries
from gateway.casework.evidence import Evidence
from gateway.casework.inspection import Inspection
from gateway.casework.keys import IssuedKey
from gateway.casework.labels import CircuitLabels
from gateway.casework.lineage import Lineage
from gateway.casework.provenance import Provenances
from gateway.casework.proving import Proving
from gateway.casework.quorum import Quorum
from gateway.casework.receipts import Receipts
from gateway.casework.recorded import Recordings
from gateway.casework.revisions import Revisions
from gateway.casework.story import Stories
from gateway.domain.clock import Clock, SystemClock
from gateway.domain.errors import InsecureError
from gateway.domain.remembered import Recognition
from gateway.identity.api_keys import Peppers
from gateway.identity.authenticate import Authenticator
from gateway.identity.instances import Instances
from gateway.identity.signing import SigningPairs
from gateway.identity.tokens import Tokens
from gateway.policy.bundle import default_root
from gateway.policy.live import Current
from gateway.policy.published import Shelf
from gateway.ports import registry
from gateway.ports.dialect import Dialect
from gateway.settings import Settings
from gateway.store import erasures
from gateway.store.commit import Writer
from gateway.store.engine import Database, migrate
from gateway.store.view import AccountView, IdentityView
from gateway.telemetry.metrics import Metrics
from gateway.vault.keys import FileKeyProvider, create_master_key
from gateway.vault.locks import Locks
from gateway.vault.older import seal_names
from gateway.vault.vault import Vault
from gateway.wiring.house import House
from gateway.wiring.keeping import keeping
from gateway.wiring.policies import SEED, published
from gateway.wiring.searching import ledger_search
from gateway.wiring.transparency import checkpoints


class NotInitialisedError(InsecureError):
    """There is no deployment here yet."""

    code = "not-initialised"

    def __init__(self) -> None:
        super().__init__("there is no deployment in this state directory; run: gateway init")


async def initialise(settings: Settings) -> IssuedKey:
    """Make a new deployment: state directory, master key, database, ledger with its keys, first administrator's key.

    A crash in between leaves part of this; calling it again goes on there.

    Raises:
        AlreadyInitialisedError: there is one already; nothing was touched.
    """
    settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not settings.master_key_file.exists():
        create_master_key(settings.master_key_file)
    async with open_house(settings, create=True) as house:
        await house.checkpoints.keyring.ensure()
        return await house.administration.first_admin()


@asynccontextmanager
async def open_house(settings: Settings, *, create: bool = False) -> AsyncIterator[House]:
    """Open what the command line needs; with `create`, begin the ledger if there is none.

    Raises:
        NotInitialisedError: `gateway init` has not been run here.
        GatewayError: a part that does not open; the message names the mend.
    """
    if not settings.master_key_file.exists():
        raise NotInitialisedError
    clock = SystemClock()
    provider = FileKeyProvider(settings.master_key_file)
    await migrate(settings.database_url)
    async with AsyncExitStack() as stack:
        database = await Database.open(settings.database_url)
        stack.push_async_callback(database.close)
        vault = Vault(database, provider, clock, await _locks(settings, database))
        await vault.start()
        await seal_names(database, vault)
        metrics = Metrics()
        writer = Writer(database, MerkleChain(), metrics)
        await writer.start()
        stack.push_async_callback(writer.close)
        ledger = Ledger(writer, clock)
        await ledger.open(settings.ledger.origin, create=create)
        yield await _furnish(_Shell(settings, clock, database, vault, writer, ledger, metrics))


async def _locks(settings: Settings, database: Database) -> Locks:
    """Open the erasure key; the first gateway of a database makes it."""
    async with database.reading() as connection:
        known = await erasures.known_key(connection)
    return Locks(settings.erasure_key_file) if known else Locks.create(settings.erasure_key_file)


@dataclass(frozen=True, slots=True)
class _Shell:
    """What stands before anything is put into the house."""

    settings: Settings
    clock: Clock
    database: Database
    vault: Vault
    writer: Writer
    ledger: Ledger
    metrics: Metrics


async def _furnish(shell: _Shell) -> House:
    settings, clock, database, vault = shell.settings, shell.clock, shell.database, shell.vault
    identity = IdentityView(database, vault.principal_name)
    await identity.refresh()
    accounts = AccountView(database)
    await accounts.refresh()
    peppers = Peppers(vault)
    # Read when first needed: whoever stops everything at night must not fail at a misspelt table.
    read = cache(partial(published, settings.policy, await vault.secret(SEED)))
    shelf, policies = Shelf(read), Current(read)
    adapters = registry.installed()
    options = registry.configured(adapters, settings.adapters)
    proving = _proving(settings, checkpoints(settings, database, vault, shell.ledger, clock, shell.metrics))
    administration = _administration(shell, peppers, policies, adapters)
    quorum = _quorum(administration, proving, policies)
    provenances = Provenances(inspection=(inspection := Inspection(database=database, vault=vault)), vault=vault)
    return House(
        settings=settings,
        clock=clock,
        database=database,
        writer=shell.writer,
        ledger=shell.ledger,
        checkpoints=proving.log,
        vault=vault,
        identity=identity,
        accounts=accounts,
        authenticator=_authenticator(settings, clock, identity, vault, peppers),
        administration=administration,
        inspection=inspection,
        search=ledger_search(settings, database, vault, administration, inspection),
        proving=proving,
        evidence=Evidence(receipts=Receipts(database=database, proving=proving), vault=vault),
        stories=Stories(database=database, vault=vault),
        approvals=Approvals(
            database=database,
            entries=administration.projects.entries,
            vault=vault,
            identity=identity,
            clock=clock,
            permissions=lambda: policies.roles,
        ),
        quorum=quorum,
        keeping=keeping(settings, administration, proving, quorum),
        provenances=provenances,
        lineage=Lineage(inspection=inspection, provenances=provenances, origin=settings.ledger.origin),
        instances=Instances(vault, region="local"),
        recognition=(recognition := _recognition(settings, vault)),
        circuit_labels=_circuit_labels(shell, recognition),
        adapters=adapters,
        options=options,
        dialects=_dialects(adapters, options),
        shelf=shelf,
        policies=policies,
        revisions=Revisions(database=database, ledger=shell.ledger, clock=clock),
        prices=_prices(settings),
        metrics=shell.metrics,
    )


def _administration(
    shell: _Shell, peppers: Peppers, policies: Current, adapters: Mapping[str, registry.Adapter]
) -> Administration:
    return Administration(
        database=shell.database,
        ledger=shell.ledger,
        vault=shell.vault,
        peppers=peppers,
        clock=shell.clock,
        roles=policies.roles,
        adapters=adapters,
        key_lifetime=timedelta(days=shell.settings.identity.key_days),
    )


def _proving(settings: Settings, log: Checkpoints) -> Proving:
    witnesses = {name: each.verifier_keys for name, each in settings.witnesses.items()}
    return Proving(log=log, witnesses=witnesses, required=settings.witnesses_required)


def _dialects(adapters: Mapping[str, registry.Adapter], options: Mapping[str, Any]) -> dict[str, Dialect]:
    return {name: adapter.dialect(options[name]) for name, adapter in adapters.items() if adapter.dialect is not None}


def _authenticator(
    settings: Settings, clock: Clock, identity: IdentityView, vault: Vault, peppers: Peppers
) -> Authenticator:
    lifetime = timedelta(seconds=settings.identity.token_seconds)
    return Authenticator(
        view=identity,
        peppers=peppers,
        tokens=Tokens(deriver=vault, clock=clock, issuer=settings.ledger.origin, lifetime=lifetime),
        pairs=SigningPairs(vault),
        clock=clock,
    )


def _quorum(administration: Administration, proving: Proving, policies: Current) -> Quorum:
    return Quorum(
        database=administration.projects.database,
        proving=proving,
        entries=administration.projects.entries,
        tables=lambda: policies.bundle.data,
    )


def _recognition(settings: Settings, vault: Vault) -> Recognition:
    labels = settings.labels
    key = vault.derive("circuit-labels/1")
    return Recognition(key=key, scope=labels.scope, recognisable_gates=labels.recognisable_gates)


def _circuit_labels(shell: _Shell, recognition: Recognition) -> CircuitLabels:
    return CircuitLabels(
        database=shell.database,
        entries=AdminEntries(ledger=shell.ledger, vault=shell.vault, clock=shell.clock),
        recordings=Recordings(database=shell.database, vault=shell.vault),
        recognition=recognition,
        clock=shell.clock,
    )


def _prices(settings: Settings) -> PriceBook:
    budgets = settings.budgets
    return PriceBook.load(
        budgets.prices or default_root() / "data" / "prices.json",
        over=budgets.own_prices,
        cap_seconds=budgets.execution_cap_seconds,
    )
