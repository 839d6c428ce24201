"""The fleet: what may stand in for another backend, and where running twice is two jobs."""

from dataclasses import replace

import pytest

from gateway.domain.backend import ExecutionKind
from gateway.routing.fleet import Fleet
from tests.fakes import values


class Upstream:
    def __init__(self, name, kind, *backends):
        self.name, self.kind = name, kind
        self._backends = backends

    def backends(self):
        return self._backends


THEIRS = replace(values.BACKEND, name="cloud_simulator", upstream="ionq", kind=ExecutionKind.SIMULATOR)
FLEET = Fleet(
    [
        Upstream("aer", ExecutionKind.SIMULATOR, values.BACKEND),
        Upstream("ionq", ExecutionKind.HARDWARE, values.HARDWARE, THEIRS),
    ]
)


def test_only_our_own_simulators_stand_in_for_other_backends():
    """A vendor's simulator is away when the vendor is, costs money, and takes the vendor's words only."""
    assert FLEET.simulators() == [values.BACKEND]
    assert FLEET.find("cloud_simulator").backend == THEIRS


@pytest.mark.parametrize(
    ("upstream", "at_vendor"),
    [
        pytest.param("aer", False, id="our simulator"),
        pytest.param("ionq", True, id="a vendor, simulators included"),
        pytest.param("gone", True, id="an adapter that was switched off"),
    ],
)
def test_what_ran_at_a_vendor_is_not_ours_to_run_again(upstream, at_vendor):
    assert FLEET.at_vendor(upstream) is at_vendor


def test_a_backend_that_comes_or_goes_is_seen_at_once():
    """The list is kept from one look to the next; a vendor changes it while the gateway runs."""
    vendor = Upstream("ionq", ExecutionKind.HARDWARE, values.HARDWARE)
    fleet = Fleet([vendor])
    assert fleet.find("cloud_simulator") is None

    vendor._backends = (values.HARDWARE, THEIRS)
    assert fleet.find("cloud_simulator").backend == THEIRS
    vendor._backends = (THEIRS,)
    assert [berth.backend for berth in fleet.berths()] == [THEIRS]
    assert fleet.find(values.HARDWARE.name) is None
