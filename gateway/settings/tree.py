"""The tree itself. Every field is described here and nowhere else; `docs/reference/settings.md` is made from it."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from gateway.domain.errors import InsecureError
from gateway.settings.addresses import is_loopback, is_private_channel
from gateway.settings.listeners import HttpUrl, Management, Server
from gateway.settings.section import Place, Section
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


class Identity(Section):
    """Gateway keys and the tokens they are traded for."""

    key_days: Annotated[int, Field(ge=1, le=3660)] = 90
    """How long a new key is valid unless `gateway keys new` says otherwise."""
    token_seconds: Annotated[int, Field(ge=60, le=3600)] = 3600
    """How long an access token is valid; revoking its key ends it at once, whatever is left."""


class Policy(Section):
    """Who decides, by which rules."""

    engine: Literal["embedded", "opa"] = "embedded"
    """`embedded` runs regorus in a child process; `opa` asks a real OPA server."""
    directory: Place | None = None
    """Policy tree; absent means the one that came with the gateway."""
    overrides: Place | None = None
    """Directory laid over the tree: tables (`org/<name>/data.json`) that it replaces, rules that it adds."""
    workers: Annotated[int, Field(ge=1, le=16)] = 1
    """Child processes of the embedded engine."""
    deadline_ms: Annotated[int, Field(ge=10, le=10_000)] = 250
    """How long one decision may take; no answer in time is a denial."""
    opa_url: HttpUrl | None = None
    """Address of the OPA server; needed by engine `opa`."""

    @model_validator(mode="after")
    def _refuse_exposure(self) -> Self:
        if self.engine == "opa" and self.opa_url is None:
            raise ValueError("engine opa needs opa_url, such as http://127.0.0.1:8181")
        if self.opa_url and not is_private_channel(self.opa_url):
            raise InsecureError("policy.opa_url is plain http beyond loopback, where answers can be forged; use https")
        return self


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
    payloads_per_worker: Annotated[int, Field(ge=1)] = 200
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


class Ledger(Section):
    """The hash-chained audit ledger."""

    origin: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,254}$")] = "localhost/quantum-gateway"
    """Name of this deployment's ledger. Fixed by `gateway init`; changing it later refuses to start."""
    refusals_per_minute: Annotated[int, Field(ge=1, le=6000)] = 60
    """Entries per key and minute for refused requests; more are counted into one aggregate entry."""


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
    sandbox: Sandbox = Sandbox()
    """Limits on reading circuits."""
    budgets: Budgets = Budgets()
    """What jobs cost."""
    ledger: Ledger = Ledger()
    """The audit ledger."""
    log: Log = Log()
    """The gateway's own log."""
    adapters: dict[str, dict[str, Any]] = {}
    """One section per adapter, checked by the adapter's own model."""
    vendors: dict[str, VendorSettings] = {}
    """One section per vendor: how it is reached, and how often it is asked."""

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
