"""What `gateway doctor` looks at: one function per concern, each telling what it found and how to mend it."""

import http.client
import json
import stat
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from cryptography import x509

from gateway.domain.clock import Clock
from gateway.domain.errors import GatewayError
from gateway.settings import Settings
from gateway.store import checkpoints
from gateway.store.engine import schema_version
from gateway.wiring import House

CERTIFICATE_DAYS: Final = 30
"""A certificate that ends sooner than this should be replaced now."""
CALIBRATION_AGE: Final = timedelta(days=1)
WITNESS_AGE: Final = timedelta(hours=1)
_PROBE_SECONDS: Final = 3.0
_SHOWN: Final = 5
"""Jobs that are named of many."""


class State(StrEnum):
    """How bad it is: `WARN` works but should be mended, `FAIL` does not work or is not safe."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: State
    found: str
    mend: str = ""


def ok(name: str, found: str) -> Check:
    """Tell that something is as it should be."""
    return Check(name=name, state=State.OK, found=found)


def warn(name: str, found: str, mend: str) -> Check:
    """Tell that something works but should be mended."""
    return Check(name=name, state=State.WARN, found=found, mend=mend)


def fail(name: str, found: str, mend: str = "") -> Check:
    """Tell that something does not work or is not safe."""
    return Check(name=name, state=State.FAIL, found=found, mend=mend)


def of_files(settings: Settings, config: Path | None) -> Iterator[Check]:
    """Look at what lies on the disk, and who can read it."""
    # A settings file holds one thing that may be secret: the password of the database.
    if config is not None and settings.database.url is not None:
        yield _private("settings file", config, 0o600)
    yield _private("state directory", settings.state_dir, 0o700)
    yield _private("master key", settings.master_key_file, 0o600)
    for name, path in _secret_files(settings):
        if path is not None and path.exists():
            yield _private(name, path, 0o600)


def _secret_files(settings: Settings) -> Iterator[tuple[str, Path | None]]:
    """Name every other file with a secret that the settings know."""
    tls, oidc = settings.server.tls, settings.console.oidc
    yield "erasure key", settings.erasure_key_file
    yield "TLS key", None if tls is None else tls.private_key
    yield "OPA token", settings.policy.opa.token_file
    yield "sign-in secret", None if oidc is None else oidc.client_secret_file
    yield from ((f"secret of webhook {name}", each.secret_file) for name, each in settings.webhooks.items())
    for name, each in settings.exports.items():
        yield f"secret of export {name}", None if each.bucket is None else each.bucket.secret_file


def of_listeners(settings: Settings, clock: Clock) -> Iterator[Check]:
    """Look at how clients get in."""
    server = settings.server
    if server.tls is not None:
        yield _certificate(server.tls.certificate, clock.now())
    elif server.behind_proxy:
        yield ok("TLS", f"ends at the proxy {', '.join(map(str, server.trusted_proxies))}")
    else:
        yield ok("TLS", f"none; {server.origin} is for this machine only")


def of_server(settings: Settings) -> Check:
    """Ask the running gateway, if it runs."""
    listener = settings.management
    connection = http.client.HTTPConnection(listener.host, listener.port, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", "/health/ready")
        answer = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException):
        return warn("server", f"nothing answers at {listener.origin}", "run: gateway serve")
    except ValueError:
        return fail("server", f"something else answers at {listener.origin}", "set management.port to a free one")
    finally:
        connection.close()
    if missing := answer.get("missing"):
        return fail("server", f"runs but is not ready: {'; '.join(missing)}", "see what it logs")
    return ok("server", f"runs and is ready at {settings.server.url}")


async def of_house(house: House) -> AsyncIterator[Check]:
    """Look at what is stored."""
    yield ok("database", f"{house.database.dialect}, schema {await schema_version(house.database)}")
    try:
        await house.ledger.self_check()
        yield ok(
            "ledger", f"{house.settings.ledger.origin} follows from its head; gateway audit verify checks all of it"
        )
    except GatewayError as error:
        yield fail("ledger", error.message)
    async for check in _witnessed(house):
        yield check
    for check in _policy(house):
        yield check
    if not any(each.key.revoked_at is None for each in await house.administration.keys.every()):
        yield warn("keys", "nobody has one that works", "run: gateway keys new")
    for halt in await house.administration.halts.every():
        if halt.lifted_at is None:
            told = f"in force since {halt.at:%Y-%m-%d %H:%M}Z for {halt.target or 'everything'}: {halt.reason}"
            yield warn("halt", told, f"when it is over, run: gateway halt lift {halt.id}")
    async for check in _stranded(house):
        yield check


def _policy(house: House) -> Iterator[Check]:
    """Look at the files that a start would decide by."""
    try:
        bundle = house.bundle
    except GatewayError as error:
        mend = "correct it, then run: gateway policy check; before that no gateway starts, and one that runs goes on"
        yield fail("policy", error.message, mend)
        return
    for action in house.quorum.impossible():
        told = f"{action} waits for ever: it wants {house.quorum.demanded(action)} of {len(house.settings.witnesses)}"
        yield fail("witnesses", told, "configure more, or lower it in org/witnesses/data.json")
    yield ok("policy", f"revision {bundle.policy_revision[:12]}, data {bundle.data_revision[:12]}")


async def _stranded(house: House) -> AsyncIterator[Check]:
    """Look for jobs that nobody follows, by vendor."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for job in await house.administration.stranded.every():
        found[job.upstream].append(job.client_job_id)
    for upstream, job_ids in found.items():
        shown = ", ".join(job_ids[:_SHOWN]) + (" …" if len(job_ids) > _SHOWN else "")
        told = f"{len(job_ids)} of {upstream} never end, because no installed adapter asks it: {shown}"
        yield warn("jobs", told, "install it again; else, for each: gateway jobs close ID --reason WHY")


async def _witnessed(house: House) -> AsyncIterator[Check]:
    """Look at how far the ledger is signed, and how far anybody outside has seen it."""
    required = house.settings.witnesses_required
    async with house.database.reading() as connection:
        signed = await checkpoints.newest(connection)
        seen = await checkpoints.newest(connection, cosigned_by=required)
    if signed is None:
        yield warn("checkpoints", "none was signed yet", "run: gateway serve")
        return
    yield ok("checkpoints", f"{signed.size} entries are signed")
    if not house.settings.witnesses:
        told = "nobody outside watches the ledger: whoever holds its keys could write it anew"
        yield warn("witnesses", told, "docs/how-to/run-a-witness.md")
    elif seen is None:
        yield fail("witnesses", f"no checkpoint was cosigned by {required}", "docs/how-to/run-a-witness.md")
    elif signed.size > seen.size and house.clock.now() - seen.at > WITNESS_AGE:
        told = f"{seen.size} of {signed.size} entries were cosigned by {required}, last at {seen.at:%Y-%m-%d %H:%M}Z"
        yield warn("witnesses", told, "see what it logs: witness.failed")
    elif required:
        yield ok("witnesses", f"{seen.size} entries were cosigned by {required}")


def of_serving(house: House) -> Iterator[Check]:
    """Look at what a start brought up: engines, sandbox, backends and how fresh their calibrations are."""
    serving = house.serving
    for reason in serving.missing():
        yield fail("start", reason)
    yield ok("engine", f"{serving.decision_point.engine} decided its self-test")
    yield _protections(serving.sandbox.limits_not_set)
    yield from _vendors(house)
    for berth in serving.fleet.berths():
        if berth.backend.kind is not berth.upstream.kind:
            continue  # a vendor's own simulator is never calibrated
        calibration = berth.calibration()
        age = house.clock.now() - calibration.taken_at if calibration else None
        if age is None or age > CALIBRATION_AGE:
            told = "has none" if age is None else f"is {age.days} days old"
            yield warn(
                "calibration", f"of {berth.backend.name} {told}", "production work may be denied; see the upstream"
            )
        else:
            yield ok("calibration", f"of {berth.backend.name} is {age.seconds // 60} minutes old")


def _vendors(house: House) -> Iterator[Check]:
    """Look at each vendor that an account was given for."""
    for name, upstream in house.serving.fleet.upstreams.items():
        if not house.accounts.live(name):
            continue
        known = [backend.name for backend in upstream.backends()]
        away = [backend for backend in known if not upstream.status(backend).online]
        if not known:
            yield fail("vendor", f"{name} lists no backends", "run: gateway vendors test, for each of its accounts")
        elif away:
            yield warn("vendor", f"{name} takes no work on {', '.join(away)}", "docs/runbooks/vendor-outage.md")
        else:
            yield ok("vendor", f"{name} offers {len(known)} backends")


def _private(name: str, path: Path, allowed: int) -> Check:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        return fail(name, f"{path}: {error.strerror}", "run: gateway init, or correct the settings")
    if mode & 0o077:
        return fail(name, f"{path} has mode {mode:04o}, others can look into it", f"run: chmod {allowed:o} {path}")
    return ok(name, f"{path}, mode {mode:04o}")


def _certificate(path: Path, now: datetime) -> Check:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        return fail("TLS", f"{path}: {error}", "correct server.tls.certificate")
    days = (certificate.not_valid_after_utc - now).days
    if days < 0:
        return fail("TLS", f"the certificate ended on {certificate.not_valid_after_utc:%Y-%m-%d}", "renew it")
    if days < CERTIFICATE_DAYS:
        return warn("TLS", f"the certificate ends in {days} days", "renew it")
    return ok("TLS", f"the certificate is valid for {days} days")


def _protections(missed: Sequence[str]) -> Check:
    if missed:
        told = f"this system does not allow: {', '.join(missed)}"
        return warn("sandbox", told, "docs/runbooks/sandbox.md says what each one protects from")
    return ok("sandbox", "every protection is in force")
