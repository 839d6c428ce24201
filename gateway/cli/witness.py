"""`gateway witness`: the program of a second team, which keeps a ledger from being rewritten. It reads no settings."""

import ssl
from hashlib import sha256
from pathlib import Path

import rich_click as click

from gateway.audit.checkpoint import Checkpoint
from gateway.audit.note import Algorithm, NoteError, VerifierKey
from gateway.audit.trust import Trust
from gateway.casework.names import checked_reason
from gateway.cli.output import answer_json, answer_table, json_option, say
from gateway.cli.unseen import tell_if_open
from gateway.domain.clock import SystemClock
from gateway.domain.errors import InsecureError
from gateway.telemetry import logging
from gateway.witness.cosign import Witness
from gateway.witness.serve import serve as serve_witness
from gateway.witness.state import LogRefusedError, State

_DIRECTORY = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.group()
def witness() -> None:
    """Watch ledgers of others, and cosign what they may not change any more (C2SP tlog-witness).

    A witness belongs on another machine, under other people's control, than the gateways it watches.
    """


@witness.command()
@click.argument("directory", type=_DIRECTORY)
@click.option("--name", required=True, help="What it signs as, such as witness.example.org/one; fixed for good.")
def init(directory: Path, name: str) -> None:
    """Make a witness in DIRECTORY, and print its verifier keys: one line each, for the gateway's settings."""
    _tell_keys(State.create(directory, name))
    say(f"keep a copy of {directory / 'seeds'}: without it this witness cannot be itself again")


@witness.command()
@click.argument("directory", type=_DIRECTORY)
def keys(directory: Path) -> None:
    """Print the verifier keys of the witness in DIRECTORY, one line each."""
    _tell_keys(State(directory))


@witness.command()
@click.argument("directory", type=_DIRECTORY)
@click.option("--policy", type=_FILE, help="What `gateway audit policy` printed, or /log/policy answered.")
@click.option("--key", "vkeys", multiple=True, help="Instead: a verifier key of the ledger; all given must sign.")
def watch(directory: Path, policy: Path | None, vkeys: tuple[str, ...]) -> None:
    """Let the witness in DIRECTORY watch a ledger, or learn new keys of one it watches.

    Make sure that the keys are the ledger's: ask its operators by another way than the one they came.
    """
    if (policy is None) == (not vkeys):
        raise click.UsageError("give either --policy or --key")
    try:
        given = Trust.parse(policy.read_text("utf-8")).logs if policy else tuple(map(VerifierKey.parse, vkeys))
    except NoteError as error:
        raise LogRefusedError(str(error)) from None
    state = State(directory)
    for each in _generations(given) if policy else [given]:
        state.watch(given[0].name, each)
    say(f"watches {given[0].name}")


@witness.command()
@click.argument("directory", type=_DIRECTORY)
@json_option
def show(directory: Path, *, as_json: bool) -> None:
    """Show which ledgers the witness in DIRECTORY watches, and how far it saw each."""
    state, rows = State(directory), []
    for origin in state.origins():
        seen = state.seen(origin)
        size = Checkpoint.parse(seen.text).size if seen else 0
        rows.append({"ledger": origin, "entries": size, "id": sha256(origin.encode()).hexdigest()})
    if as_json:
        answer_json(rows)
    else:
        answer_table(rows, ("ledger", "entries", "id"))


@witness.command()
@click.argument("directory", type=_DIRECTORY)
@click.argument("ledger")
@click.option("--reason", required=True, help="Why; it goes to the file `forgotten` in DIRECTORY with what was seen.")
def forget(directory: Path, ledger: str, reason: str) -> None:
    """Forget what the witness in DIRECTORY saw of LEDGER, so that it may begin again with fewer entries.

    Only after its operators explained a loss that you believe: from here on this witness vouches for the new history.
    """
    State(directory).forget(ledger, checked_reason(reason))
    say(f"forgot what was seen of {ledger}")


@witness.command()
@click.argument("directory", type=_DIRECTORY)
@click.option("--listen", default="127.0.0.1:8700", show_default=True, help="Host and port.")
@click.option("--certificate", type=_FILE, help="PEM file with certificate and chain; gateways elsewhere want https.")
@click.option("--private-key", type=_FILE, help="PEM file with its private key.")
def serve(directory: Path, listen: str, certificate: Path | None, private_key: Path | None) -> None:
    """Serve until told to stop (SIGTERM, SIGINT); one process for each witness."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal():
        raise click.UsageError("--listen takes host and port, such as 127.0.0.1:8700")
    if (certificate is None) != (private_key is None):
        raise click.UsageError("--certificate and --private-key belong together")
    logging.configure(json=True, level="info")
    state = State(directory)
    with state.exclusive():
        serve_witness(Witness(state, SystemClock()), host.strip("[]"), int(port), tls=_tls(certificate, private_key))


def _tell_keys(state: State) -> None:
    for key in state.keys:
        click.echo(str(key.public))


def _generations(logs: tuple[VerifierKey, ...]) -> list[tuple[VerifierKey, ...]]:
    """Take a policy's keys of one ledger apart: each pair begins with its Ed25519 key."""
    sets: list[list[VerifierKey]] = []
    for key in logs:
        if key.algorithm is Algorithm.ED25519 or not sets:
            sets.append([])
        sets[-1].append(key)
    return [tuple(each) for each in sets]


def _tls(certificate: Path | None, private_key: Path | None) -> ssl.SSLContext | None:
    if certificate is None or private_key is None:
        return None
    tell_if_open(private_key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, private_key)
    except (OSError, ssl.SSLError):
        raise InsecureError("the certificate and its private key do not belong together, or are no PEM files") from None
    return context
