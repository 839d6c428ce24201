"""The tree itself. Every field is described here and nowhere else; `docs/reference/settings.md` is made from it."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from gateway.domain.errors import InsecureError
from gateway.settings.addresses import is_loopback
from gateway.settings.console import Console
from gateway.settings.exports import Export
from gateway.settings.labels import Labels
from gateway.settings.listeners import Management, Server
from gateway.settings.policy import Policy
from gateway.settings.retention import Retention
from gateway.settings.section import Place, Section
from gateway.settings.selftest import SelfTest
from gateway.settings.webhooks import Webhook
from gateway.settings.witnesses import Witness
from gateway.vendors.settings import VendorSettings

PREFIX = "GATEWAY_"
SQLITE, POSTGRESQL = "sqlite+aiosqlite", "postgresql+asyncpg"
MEBIBYTE = 1024**2


def _database_url(url: str) -> str:
    if urlsplit(url).scheme not in {SQLITE, POSTGRESQL}:
        raise ValueError(f"{SQLITE}:///absolute/path or {POSTGRESQL}://user:password@host/name?ssl=verify-full")
    return url


class Database(Section):
    """Where jobs, keys and the ledger are kept."""

    url: Annotated[str, AfterValidator(_database_url)] | None = Field(default=None, repr=False)
    """`sqlite+aiosqlite:///…` or `postgresql+asyncpg://…`; absent means `gateway.sqlite3` in the state directory."""
    lease_seconds: Annotated[float, Field(ge=1, le=300)] = 10.0
    """On PostgreSQL: after how long a silence others take a gateway's work over; it beats five times as often."""

    @model_validator(mode="after")
    def _refuse_exposure(self) -> Self:
        parts = urlsplit(self.url or "")
        encrypted = parse_qs(parts.query).get("ssl", ["none"])[-1] in {"require", "verify-ca", "verify-full"}
        if parts.scheme == POSTGRESQL and parts.hostname and not (is_loopback(parts.hostname) or encrypted):
            raise InsecureError("database.url leaves this machine without TLS; append ?ssl=verify-full to it")
        return self


class Keys(Section):
    """The top of the key hierarchy."""

    master_key_file: Place | None = None
    """File with the 32-byte master key, mode 0600; absent means `master.key` in the state directory."""
    erasure_key_file: Place | None = None
    """File with the key that forgets what is erased, mode 0600; absent means `erasure.key` in the state directory. Like
    the master key it belongs in no backup of the database."""


class Identity(Section):
    """Gateway keys and the tokens they are traded for."""

    key_days: Annotated[int, Field(ge=1, le=3660)] = 90
    """How long a new key is valid unless `gateway keys new` says otherwise."""
    token_seconds: Annotated[int, Field(ge=60, le=3600)] = 3600
    """How long an access token is valid; revoking its key ends it at once, whatever is left."""


class Sandbox(Section):
    """Limits on the processes that read submitted circuits."""

    workers: Annotated[int, Field(ge=2, le=64)] = 2
    """Processes; one of them is always kept free for other principals, so at least 2."""
    cpu_seconds: Annotated[float, Field(gt=0, le=60)] = 2.0
    """CPU time for one payload."""
    wall_seconds: Annotated[float, Field(gt=0, le=60)] = 3.0
    """Time for one payload, waiting for a free process not included."""
    address_space_bytes: Annotated[int, Field(ge=64 * MEBIBYTE)] = 512 * MEBIBYTE
    """Memory for one payload, above what the process needs before it reads any."""
    payloads_per_worker: Annotated[int, Field(ge=1)] = 1000
    """Payloads after which a process is replaced by a fresh one."""
    decompressed_bytes: Annotated[int, Field(ge=1024)] = 32 * MEBIBYTE
    """Largest size of all compressed parts of one payload after decompression."""
    circuits: Annotated[int, Field(ge=1)] = 1000
    """Most circuits in one payload."""
    bindings: Annotated[int, Field(ge=1)] = 100_000
    """Most parameter sets in one payload."""
    remembered: Annotated[int, Field(ge=0, le=100_000)] = 256
    """Small payloads measured lately whose facts are kept, so that a project's same bytes are not read twice; 0 reads
    every payload."""
    waiting: Annotated[int, Field(ge=1)] = 1024
    """Payloads that may wait for a free process; one more is answered with 503 and Retry-After."""
    waiting_per_principal: Annotated[int, Field(ge=1)] = 128
    """Payloads of one principal that may wait."""
    waiting_seconds: Annotated[float, Field(gt=0, le=60)] = 10.0
    """How long a payload may wait."""


class Budgets(Section):
    """What jobs cost."""

    prices: Place | None = None
    """Price file; absent means the one in the policy tree."""
    own_prices: Place | None = None
    """A price file, or a folder of them, whose prices go before those: devices, plans and contracts of your own."""
    execution_cap_seconds: Annotated[int, Field(ge=1, le=86_400)] = 300
    """How long a job that is priced by time may run, where its caller asks for nothing else: so much is held for it."""


class Rates(Section):
    """How many requests a second a key may send, at all gateways on one database together; nothing set is no limit.

    Questions wait up to 5 s for their turn and are then refused; what changes something is refused at once, with 403
    and `Retry-After`. Cancels always pass.
    """

    keys: dict[str, Annotated[float, Field(gt=0, le=100_000)]] = Field(default={})
    """Requests per second by key id; decides before a role does."""
    roles: dict[str, Annotated[float, Field(gt=0, le=100_000)]] = Field(default={})
    """Requests per second of each single key with this role; of several roles the highest counts."""
    burst_seconds: Annotated[float, Field(gt=0, le=3600)] = 10.0
    """How much a key that was quiet may send at once, in seconds of its rate."""


class Ledger(Section):
    """The hash-chained audit ledger."""

    origin: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,254}$")] = "localhost/quantum-gateway"
    """Name of this deployment's ledger. Fixed by `gateway init`; changing it later refuses to start."""
    refusals_per_minute: Annotated[int, Field(ge=1, le=6000)] = 60
    """Entries per key and minute for refused requests; more are counted into one aggregate entry."""
    checkpoint_seconds: Annotated[float, Field(ge=1, le=86_400)] = 10.0
    """How often a checkpoint is signed, as long as there are new entries."""
    checkpoint_entries: Annotated[int, Field(ge=1)] = 1000
    """After so many new entries one is signed earlier."""
    witnesses_required: Annotated[int, Field(ge=0, le=32)] | None = None
    """How many witnesses must cosign a checkpoint before `/log/checkpoint` gives it out and before it counts for
    policy; absent means one, if any is configured."""
    public: bool = True
    """Whether anybody may read checkpoints, tiles and proofs below `/log`; else a key that may export the ledger."""


class Log(Section):
    """What the gateway says about itself on stderr. Logs are no evidence; the ledger is."""

    format: Literal["json", "console"] = "json"
    """`json` for machines, `console` for people."""
    level: Literal["debug", "info", "warning", "error"] = "info"
    """Least important level that is written."""


class Settings(BaseSettings):
    """Everything that can be configured. Built by `load`; nothing else reads files or the environment."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    state_dir: Place = Field(default=Path(".gateway"), validate_default=True)
    """Directory for the database, the master key and the lock; mode 0700."""
    server: Server = Server()
    """Where vendor SDKs reach the gateway."""
    management: Management = Management()
    """Metrics and health."""
    database: Database = Database()
    """Where jobs, keys and the ledger are kept."""
    keys: Keys = Keys()
    """The top of the key hierarchy."""
    identity: Identity = Identity()
    """Gateway keys and access tokens."""
    policy: Policy = Policy()
    """Who decides, by which rules."""
    selftest: SelfTest = SelfTest()
    """How it tests itself."""
    sandbox: Sandbox = Sandbox()
    """Limits on reading circuits."""
    labels: Labels = Labels()
    """What circuits were labelled before."""
    budgets: Budgets = Budgets()
    """What jobs cost."""
    rates: Rates = Rates()
    """Requests per second."""
    ledger: Ledger = Ledger()
    """The audit ledger."""
    console: Console = Console()
    """The web console."""
    retention: Retention = Retention()
    """How long what is kept."""
    log: Log = Log()
    """The gateway's own log."""
    adapters: dict[str, dict[str, Any]] = {}
    """One section per adapter, checked by the adapter's own model."""
    vendors: dict[str, VendorSettings] = {}
    """One section per vendor: how it is reached, and how often it is asked."""
    webhooks: dict[str, Webhook] = {}
    """One section per receiver of warnings about limits, or of entries of the ledger."""
    exports: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")], Export] = {}
    """One section per scheduled export of the ledger."""
    witnesses: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")], Witness] = {}
    """One section per witness that cosigns the ledger's checkpoints."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # pydantic hands all of these over
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what `load` hands in and nothing else: no environment is read behind anyone's back."""
        return (init_settings,)

    @model_validator(mode="after")
    def _refuse_what_cannot_be(self) -> Self:
        if (self.ledger.witnesses_required or 0) > len(self.witnesses):
            raise InsecureError(
                f"ledger.witnesses_required is {self.ledger.witnesses_required}, and {len(self.witnesses)} are "
                "configured: no checkpoint could ever be given out; add a section `witnesses.<name>` for each"
            )
        return self

    @property
    def witnesses_required(self) -> int:
        """How many witnesses must cosign a checkpoint."""
        required = self.ledger.witnesses_required
        return min(1, len(self.witnesses)) if required is None else required

    @property
    def postgresql(self) -> bool:
        """Whether state is kept in PostgreSQL rather than SQLite."""
        return self.database_url.startswith(POSTGRESQL)

    @property
    def database_url(self) -> str:
        """The database, its default derived from the state directory. May hold a password: never log it."""
        return self.database.url or f"{SQLITE}:///{self.state_dir / 'gateway.sqlite3'}"

    @property
    def master_key_file(self) -> Place:
        """The master key's file, its default derived from the state directory."""
        return self.keys.master_key_file or self.state_dir / "master.key"

    @property
    def erasure_key_file(self) -> Place:
        """The erasure key's file, its default derived from the state directory."""
        return self.keys.erasure_key_file or self.state_dir / "erasure.key"
