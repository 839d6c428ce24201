"""A short overspend drill: budgets run out under a crowd while gateways are killed and the database restarts."""

import pytest

from tests.drill.overspend import arguments_of, perform

pytestmark = pytest.mark.long


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(("--database", "sqlite", "--gateways", "1", "--kills", "1"), id="one gateway on SQLite"),
        pytest.param(
            ("--database", "postgresql", "--gateways", "2", "--kills", "2", "--restarts", "1"),
            id="two gateways on PostgreSQL",
            marks=pytest.mark.tool("postgresql"),
        ),
    ],
)
def test_no_budget_is_passed_whatever_breaks(given):
    """The long run is `python -m tests.drill.overspend`; this one shows that the drill itself stands."""
    report = perform(arguments_of(["--submitters", "80", "--each", "2", *given]))

    assert (report.overspend, report.phantom_holds, report.imbalance, report.doubles) == (0, 0, 0, 0)
    assert report.clean, report
    assert report.taken > 0
    assert report.exhausted > 2
