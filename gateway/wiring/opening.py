"""Opens what the command line needs: database, keys, ledger, policy files. Closed in reverse order."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from gateway.audit.ledger import Ledger
from gateway.audit.merkle import MerkleChain
from gateway.budgets.quote import PriceBook
from gateway.casework.administration import Administration
from gateway.casework.inspection import Inspection
from gateway.casework.keys import IssuedKey
from gateway.domain.clock import Clock, SystemClock
from gateway.domain.errors import InsecureError
from gateway.identity.api_keys import Peppers
from gateway.identity.authenticate import Authenticator
from gateway.identity.instances import Instances
from gateway.identity.signing import SigningPairs
from gateway.identity.tokens import Tokens
from gateway.policy.bundle import default_root
from gateway.policy.bundle import load as load_bundle
from gateway.ports import registry
from gateway.settings import Settings
from gateway.store.commit import Writer
from gateway.store.engine import Database, migrate
from gateway.store.view import AccountView, IdentityView
from gateway.telemetry.metrics import Metrics
from gateway.vault.keys import FileKeyProvider, create_master_key
from gateway.vault.vault import Vault
from gateway.wiring.house import House
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
        vault = Vault(database, provider, clock)
        await vault.start()
        metrics = Metrics()
        writer = Writer(database, MerkleChain(), metrics)
        await writer.start()
        stack.push_async_callback(writer.close)
        ledger = Ledger(writer, clock)
        await ledger.open(settings.ledger.origin, create=create)
        yield await _furnish(settings, clock, database, vault, writer, ledger, metrics)


async def _furnish(  # called once, a line below where each of these was made
    settings: Settings,
    clock: Clock,
    database: Database,
    vault: Vault,
    writer: Writer,
    ledger: Ledger,
    metrics: Metrics,
) -> House:
    identity = IdentityView(database)
    await identity.refresh()
    accounts = AccountView(database)
    await accounts.refresh()
    peppers = Peppers(vault)
    bundle = load_bundle(settings.policy.directory or default_root(), settings.policy.overrides)
    adapters = registry.installed()
    options = registry.configured(adapters, settings.adapters)
    return House(
        settings=settings,
        clock=clock,
        database=database,
        writer=writer,
        ledger=ledger,
        checkpoints=checkpoints(settings, database, vault, ledger, clock, metrics),
        vault=vault,
        identity=identity,
        accounts=accounts,
        authenticator=Authenticator(
            view=identity,
            peppers=peppers,
            tokens=Tokens(
                deriver=vault,
                clock=clock,
                issuer=settings.ledger.origin,
                lifetime=timedelta(seconds=settings.identity.token_seconds),
            ),
            pairs=SigningPairs(vault),
            clock=clock,
        ),
        administration=Administration(
            database=database,
            ledger=ledger,
            vault=vault,
            peppers=peppers,
            clock=clock,
            roles=bundle.roles,
            adapters=adapters,
            key_lifetime=timedelta(days=settings.identity.key_days),
        ),
        inspection=Inspection(database=database),
        instances=Instances(vault, region="local"),
        adapters=adapters,
        options=options,
        dialects={
            name: adapter.dialect(options[name]) for name, adapter in adapters.items() if adapter.dialect is not None
        },
        bundle=bundle,
        prices=_prices(settings),
        metrics=metrics,
    )


def _prices(settings: Settings) -> PriceBook:
    budgets = settings.budgets
    return PriceBook.load(
        budgets.prices or default_root() / "data" / "prices.json",
        over=budgets.own_prices,
        cap_seconds=budgets.execution_cap_seconds,
    )
