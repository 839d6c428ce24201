"""How long a circuit's label lasts, and whom it binds: for ever, and whoever these say."""

from typing import Annotated

from pydantic import Field

from gateway.domain.remembered import Scope
from gateway.settings.section import Section


class Labels(Section):
    """What circuits were labelled before. The highest label that a circuit was ever given is given to it again."""

    scope: Scope = Scope.DEPLOYMENT
    """Whom a circuit's label binds: its own `project` alone, all projects of the same `team`, or everybody. What a
    project labelled itself always binds it. Where tenants must not learn what others label, use `team`."""
    recognisable_gates: Annotated[int, Field(ge=0)] = 12
    """Gates on several qubits from which on a circuit's label binds others than its own project: smaller circuits are
    in everybody's textbook."""
