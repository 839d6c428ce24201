"""`gateway policy keygen|build|opa-config`: policies as signed bundles, and the OPA that pulls them."""

import asyncio
import os
from pathlib import Path

import rich_click as click

from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import say
from gateway.cli.unseen import tell_if_open
from gateway.domain.secret import Secret
from gateway.policy import check
from gateway.policy.bundle import default_root, load
from gateway.policy.opa_config import config
from gateway.policy.published import PARTS, RULES, Artefact
from gateway.policy.signing import SigningKey
from gateway.wiring import House

_NEW_FILE = click.Path(dir_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_NEW_FILE)
def keygen(file: Path) -> None:
    """Make a key that signs policy bundles: the private half goes to FILE, the public one to stdout, as PEM.

    Keep FILE where policies are reviewed and built, not on the gateway; it is never overwritten.
    """
    key = SigningKey.new()
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise click.UsageError(f"{file}: {error.strerror}") from None
    with os.fdopen(descriptor, "wb") as written:
        written.write(key.pem.reveal())
    click.echo(key.public.pem, nl=False)
    say(f"made the key {key.public.id}")


@click.command()
@click.argument("file", type=_NEW_FILE)
@click.option("--key", type=_FILE, required=True, help="Private key that signs, as `gateway policy keygen` wrote it.")
@click.option("--part", type=click.Choice(PARTS), default=RULES, show_default=True, help="Rules, or the tables of org.")
@click.option("--scope", help="What the signature is for; else the name of the part.")
@call
def build(this: Call, /, *, file: Path, key: Path, part: str, scope: str | None) -> None:
    """Write the policies, overrides merged in, to FILE (.tar.gz): the signed bundle that `policy.bundle` names.

    Its revision is a hash of its content, and the same policies under the same key give the same bytes. The gateway
    serves it to OPA as it is, with tables that it signs itself. What `gateway policy check` refuses is not built, nor
    what differs from the rules of this release and fails its tests: whoever loads the bundle has no tests.
    """
    chosen = this.settings.policy
    bundle = load(chosen.directory or default_root(), chosen.overrides)
    asyncio.run(check.require(bundle, since=load(default_root())))
    tell_if_open(key)
    artefact = Artefact.built(part, bundle, SigningKey.read(Secret(key.read_bytes())), scope=scope or part)
    file.write_bytes(artefact.content)
    say(f"wrote the {part}, revision {artefact.archive.revision}, signed by {artefact.key.id} for {artefact.scope!r}")


@click.command("opa-config")
@click.option("--url", help="Address of this gateway, as OPA reaches it; else `server.public_url` or the listener's.")
@click.option(
    "--token-file", default="/run/opa/token", show_default=True, help="File with OPA's gateway key, over there."
)
@click.option("--persist", help="Directory over there where bundles outlive a restart of OPA; else they do not.")
@call
def opa_config(this: Call, /, *, url: str | None, token_file: str, persist: str | None) -> None:
    """Write the configuration of an OPA that serves this gateway, as YAML, with the keys whose signatures count."""

    async def work(house: House) -> str:
        address = url or house.settings.server.url
        return config(house.shelf.published, url=address, token_file=token_file, persist=persist)

    click.echo(in_house(this, work), nl=False)
