"""Whose signatures count is read alike by the verifier that auditors carry and by the gateway's own."""

import pytest

from gateway.audit.trust import policy
from gateway.verifier.qgw_verify import Policy
from tests.unit.audit.test_trust import EXAMPLE, LOG, NO_POLICIES, W


@pytest.mark.parametrize("text", NO_POLICIES)
def test_what_is_no_policy_is_refused(text):
    with pytest.raises(ValueError, match=r"policy"):
        Policy.parse(text)


@pytest.mark.parametrize(
    ("cosigned", "enough"),
    [(["X1", "X2", "Y1"], True), (["X1", "X3", "Y2"], True), (["X1", "X2", "X3"], False), (["X1", "Y1", "Y2"], False)],
)
def test_groups_count(cosigned, enough):
    assert Policy.parse(EXAMPLE).met(cosigned) is enough


def test_a_witness_with_two_keys_counts_once():
    read = Policy.parse(policy([LOG], {"one": W[:2], "two": W[2:3]}, 2))

    assert not read.met(["one.1", "one.2"])
    assert read.met(["one.2", "two.1"])
    assert read.origin == "log"


def test_a_quorum_of_none_needs_nobody():
    assert Policy.parse(f"log {LOG}\nquorum none").met(())
