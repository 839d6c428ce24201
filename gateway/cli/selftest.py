"""`gateway policy selftest`: decide all that is known, by the rules alone and by whatever decides here."""

from dataclasses import asdict

import rich_click as click

from gateway.casework.selftest import engines, rules
from gateway.casework.selftest.engines import Reference
from gateway.casework.selftest.findings import ENGINES, Finding
from gateway.cli.exits import Exit
from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, counted, json_option, say
from gateway.policy.answer import PolicyEngineError
from gateway.policy.baseline import baseline
from gateway.wiring import House
from gateway.wiring.policies import decision_point


@click.command()
@json_option
@call
def selftest(this: Call, /, *, as_json: bool) -> Exit:
    """Decide what is known, as a serving gateway does each minute, by the policy files as they are now.

    First the rules alone, by what this release knows of them; then every engine that decides here, each OPA server too,
    held against a fresh one. Synthetic submissions are for a gateway that serves. Findings go to stdout, one per line;
    each begins with the name by which `selftest.waived` accepts it. Exits 0 when there is none that counts, else 1.
    """
    found = in_house(this, _look)
    waived = this.settings.selftest.waived
    counting = [each for each in found if each.name not in waived]
    if as_json:
        answer_json([{**asdict(each), "name": each.name, "waived": each not in counting} for each in found])
    else:
        for each in found:
            click.echo(f"{each}{'' if each in counting else ' (waived)'}")
    say(counted(len(counting), "finding") if counting else "everything that is known is decided as it should be")
    return Exit.NO if counting else Exit.DONE


async def _look(house: House) -> tuple[Finding, ...]:
    known, bundle = baseline(), house.bundle
    found = await rules.examine(bundle, known)
    point = decision_point(house.settings.policy, bundle, house.metrics)
    try:
        await point.start()
        reference = await Reference.of(bundle, known.known)
        asked = await engines.examine(point, reference)
        # What nobody answered in time counts when it happens again, as it does where a gateway serves.
        return (*found, *(asked if all(each.sure for each in asked) else await engines.examine(point, reference)))
    except PolicyEngineError as error:
        return (*found, Finding(part=ENGINES, what="start", problem=error.message))
    finally:
        await point.close()
