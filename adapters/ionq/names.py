"""Backend names, ours and those that an IonQ client can say.

The stock SDK can only name `simulator`, `simulator.…` and `qpu.…`; it looks a `simulator.…` up as
`qpu.simulator.…`, and opens sessions on `ionq_simulator`. So an emulated device `sim_line_5` answers to
`simulator.sim_line_5` and `qpu.sim_line_5` too; IonQ's own devices keep their names.
"""

import re

SIMULATOR = "simulator"
_EMULATED = re.compile(r"(?:qpu\.)?(?:simulator\.)?(sim_[A-Za-z0-9_]+)")


def ours(wire: str, *, simulator: str | None) -> str:
    """Tell which backend a client means; `simulator` is what the settings say it is."""
    name = wire.removeprefix("ionq_")
    if name == SIMULATOR:
        return simulator or SIMULATOR
    emulated = _EMULATED.fullmatch(name)
    return emulated[1] if emulated else name


def theirs(name: str) -> str:
    """Give the name under which a client can ask for a backend again."""
    return f"{SIMULATOR}.{name}" if _EMULATED.fullmatch(name) else name
