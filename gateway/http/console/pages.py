"""The console's pages: what is served below `/console`, and how viewers get around."""

from typing import Final

from litestar import Controller

from gateway.http.console.approvals import INBOX, ApprovalController
from gateway.http.console.costs import CostController
from gateway.http.console.entry import EntryController
from gateway.http.console.exports import ExportController
from gateway.http.console.job import FindController, JobController
from gateway.http.console.labels import LabelController
from gateway.http.console.ledger import LedgerController
from gateway.http.console.page import Link
from gateway.http.console.policies import PolicyController
from gateway.http.console.reading import POLICY
from gateway.http.console.replays import ReplayController
from gateway.http.console.start import StartController
from gateway.http.console.timeline import TimelineController

CONTROLLERS: Final[tuple[type[Controller], ...]] = (
    StartController,
    TimelineController,
    EntryController,
    JobController,
    FindController,
    LedgerController,
    PolicyController,
    ReplayController,
    LabelController,
    CostController,
    ApprovalController,
    ExportController,
)
NAVIGATION: Final[tuple[Link, ...]] = (
    Link("/console", "Questions", exact=True),
    Link("/console/timeline", "Timeline"),
    Link("/console/ledger", "Ledger"),
    Link("/console/costs", "Costs"),
    Link("/console/policies", "Policies", needs=POLICY, also=("/console/replays", "/console/labels")),
    Link("/console/approvals", "Approvals", needs=INBOX),
    Link("/console/exports", "Exports"),
)
