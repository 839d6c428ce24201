"""What a viewer may read: everything, the projects that they belong to, or what they did themselves."""

from gateway.domain.search import Scope
from gateway.http.console.viewer import Viewer
from gateway.wiring import House

READ = "audit.read"
EXPORT = "audit.export"
POLICY = "policy.read"


def require_log(viewer: Viewer, house: House) -> None:
    """Refuse whoever may not see checkpoints and proofs; anybody may, unless the settings keep the log private."""
    if not house.settings.ledger.public:
        viewer.require(EXPORT)


def scope(viewer: Viewer, house: House) -> Scope:
    """Give what every question to the ledger is held to."""
    subject = None if viewer.may(READ) else house.vault.subject(viewer.principal.id)
    return Scope(project_ids=viewer.project_ids, subject=subject, reader=viewer.principal.id)
