"""Names in OpenQASM: whatever is no word of the language goes, in the order in which it came."""

import pytest

from gateway.domain.openqasm_names import LANGUAGE, STANDARD_GATES, registers, renamed, without_comments

WORDS = LANGUAGE | STANDARD_GATES
SOURCE = """OPENQASM 3.0;
include "stdgates.inc"; // for the merger
/* secret
   notes */
qubit[2] alice; bit[2] bob; input float theta; input float phi;
rx(theta) alice[0]; rz(phi + 1e-3) alice[1]; bob = measure alice; delay[100ns] $0;
"""


def test_every_name_goes_and_every_word_stays():
    new = renamed(SOURCE, {}, words=WORDS)

    assert new.names == {"alice": "n_0", "bob": "n_1", "phi": "n_2", "theta": "n_3"}
    for word in ("alice", "bob", "phi", "theta", "merger", "secret"):
        assert word not in new.source
    for word in ('include "stdgates.inc"', "rz(n_2 + 1e-3)", "delay[100ns] $0"):
        assert word in new.source


def test_alphabetical_order_is_kept_beyond_nine():
    """Parameters are ordered by name, and their values are given in that order."""
    names = sorted(f"x{number}" for number in range(25))

    new = renamed("; ".join(f"input float {name}" for name in names), {}, words=WORDS)

    assert [new.names[name] for name in names] == sorted(new.names.values())


def test_given_names_win_and_alone_they_leave_everything_else():
    new = renamed(SOURCE, {"bob": "r0"})

    assert new.source == SOURCE.replace("bob", "r0")


def test_a_new_name_is_never_one_that_is_kept():
    new = renamed("bit[1] n_0; qubit[1] alice;", {"n_0": "n_0"}, words=WORDS)

    assert new.names["alice"] not in {"n_0", "alice"}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        pytest.param(SOURCE, ("bob",), id="version 3"),
        pytest.param("qreg q[1]; creg a[1]; creg b[2];", ("a", "b"), id="version 2"),
        pytest.param("bit c; // bit[2] ghost;", ("c",), id="not in a comment"),
        pytest.param("qubit[2] qbit; inputbit x;", (), id="not at the end of another word"),
    ],
)
def test_registers_are_found_in_the_order_of_their_declarations(source, found):
    assert registers(source) == found


def test_comments_go_alone():
    assert without_comments("x q; // why\n/* a */y q;") == "x q;  \n y q;"
