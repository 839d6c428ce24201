"""A project's virtual account is stable, opaque, and its own."""

import re
from dataclasses import replace

from gateway.identity.instances import Instances
from tests.unit.identity.conftest import Deriver


def test_an_account_is_32_hexadecimal_digits_and_stays_the_same(view):
    project = view.projects["0190-chemistry"]
    first = Instances(Deriver(), region="us-east").of(project, ["sim_line_5"])

    assert re.fullmatch("[0-9a-f]{32}", first.id)
    assert first == Instances(Deriver(), region="us-east").of(project, ["sim_line_5"])
    assert (first.name, first.region, first.backends) == ("chemistry", "us-east", ("sim_line_5",))


def test_accounts_of_other_projects_and_deployments_differ(view):
    project = view.projects["0190-chemistry"]
    ids = {
        Instances(Deriver(), region="local").of(project, ()).id,
        Instances(Deriver(), region="local").of(replace(project, id="0190-physics"), ()).id,
        Instances(Deriver("another deployment"), region="local").of(project, ()).id,
    }

    assert len(ids) == 3


def test_renaming_a_project_keeps_its_account(view):
    """SDKs save the account; it must not break when somebody corrects a name."""
    project = view.projects["0190-chemistry"]
    instances = Instances(Deriver(), region="local")

    assert instances.of(project, ()).id == instances.of(replace(project, name="materials"), ()).id
