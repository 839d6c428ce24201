"""What granian reports, and which request is the first of its connection."""

import pytest

from gateway.http import connections
from gateway.http.connections import Counts, Served, UnreadableCountsError

REPORT = (
    b"\xa1gMetrics\x8c\xa1cAbs\x18\x2a\xa1cAbs\x03\xa1cAbs\x19\x01\xf4\xa1cAbs\x1a\x00\x01\x11\x70\xa1cAbs\x02"
    b"\xa1cAbs\x00\xa1cAbs\x00\xa1cAbs\x01\xa1cInt\x20\xa1cAbs\x1b\x00\x00\x00\x01\x00\x00\x00\x00\xa1cAbs\x18\xa6\xa1cAbs\x02"
)
"""As granian 2.8.7 writes it, with an integer of each width."""
CLIENT, ANOTHER = ("127.0.0.1", 40000), ("127.0.0.1", 40001)


def test_a_report_is_read():
    assert Counts.of(REPORT) == Counts(open=3, taken=500, failed=70_000)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(REPORT[:-1], id="an element without its number"),
        pytest.param(REPORT + b"\xa1cAbs\x01", id="one count more"),
        pytest.param(REPORT.replace(b"\x8c", b"\x8d", 1), id="another number of counts"),
        pytest.param(REPORT.replace(b"Metrics", b"Gauges!", 1), id="another kind of report"),
    ],
)
def test_a_report_of_another_form_is_not_guessed_at(message):
    """A number in the wrong place would be a lie on a dashboard."""
    with pytest.raises(UnreadableCountsError):
        Counts.of(message)


@pytest.fixture
def clock(monkeypatch):
    """A clock that tests move."""
    now = [1000.0]
    monkeypatch.setattr(connections, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def firsts():
    return []


@pytest.fixture
def served(clock, firsts):
    return Served(lambda: firsts.append(clock[0]), idle_seconds=5.0)


def test_a_connection_is_served_once_however_many_requests_it_carries(served, firsts):
    for _ in range(3):
        served.begin(CLIENT)
        served.end(CLIENT)
    served.begin(ANOTHER)

    assert len(firsts) == 2


def test_the_same_port_after_the_listener_hung_up_is_another_connection(served, clock, firsts):
    served.begin(CLIENT)
    served.end(CLIENT)

    clock[0] += 5.9
    served.begin(CLIENT)
    served.end(CLIENT)
    assert len(firsts) == 1

    clock[0] += 6.1
    served.begin(CLIENT)
    assert len(firsts) == 2


def test_a_request_that_takes_long_does_not_end_its_connection(served, clock, firsts):
    served.begin(CLIENT)
    clock[0] += 600
    served.end(CLIENT)

    served.begin(CLIENT)

    assert len(firsts) == 1


def test_the_next_request_may_arrive_before_the_last_one_is_ended(served, clock, firsts):
    """The client has its answer a moment before the application is done with it."""
    served.begin(CLIENT)
    served.begin(CLIENT)
    served.end(CLIENT)
    served.end(CLIENT)

    clock[0] += 1
    served.begin(CLIENT)

    assert len(firsts) == 1


def test_closed_connections_are_forgotten(served, clock):
    """Nobody fills the memory by connecting from port after port."""
    for port in range(1000):
        served.begin(("127.0.0.1", port))
        served.end(("127.0.0.1", port))
        clock[0] += 1

    assert len(served._until) <= 8
