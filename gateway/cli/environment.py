"""`gateway env`: the export lines that point an unmodified vendor SDK at this gateway."""

import shlex
import sys
from collections.abc import Mapping

import rich_click as click

from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, json_option
from gateway.domain.secret import Secret
from gateway.ports.dialect import ApiKey
from gateway.wiring import House


@click.command()
@click.argument("dialect")
@click.option("--key", required=True, help="The gateway key the SDK will show; - reads it from stdin.")
@click.option("--url", help="Where the gateway is reached, if not at `server.public_url`.")
@json_option
@call
def env(this: Call, /, *, dialect: str, key: str, url: str | None, as_json: bool) -> None:
    r"""Print the environment that points DIALECT's SDK (such as ibm) at this gateway, for eval.

    The key is checked first, so what is printed works. A key given as an argument shows in the process list;
    --key - reads it from stdin instead.

    \b
    eval "$(gateway env ibm --key -)"
    """
    text = sys.stdin.readline().strip() if key == "-" else key

    async def work(house: House) -> Mapping[str, str]:
        speaker = house.dialects.get(dialect)
        if speaker is None:
            raise click.UsageError(f"no dialect {dialect!r}; installed: {', '.join(sorted(house.dialects))}")
        caller = house.authenticator.caller(ApiKey(Secret.of(text)))
        instance = house.instances.of(caller.project, ())
        pair = house.authenticator.pair(caller.key)
        return speaker.environment(url=url or this.settings.server.url, instance=instance, key=text, pair=pair)

    variables = in_house(this, work)
    if as_json:
        answer_json(variables)
        return
    for name, value in variables.items():
        click.echo(f"export {name}={shlex.quote(value)}")
