"""A policy is C2SP tlog-policy: groups count what they say, and nothing stands twice."""

import pytest

from gateway.audit.checkpoint import SigningKey
from gateway.audit.note import Algorithm, NoteError
from gateway.audit.trust import Trust, policy
from gateway.domain.secret import Secret

LOG = SigningKey("log", Algorithm.ED25519, Secret(b"l" * 32)).public
W = [SigningKey(f"w{number}", Algorithm.COSIGNATURE, Secret(bytes([number]) * 32)).public for number in range(6)]
EXAMPLE = f"""
# two levels of groups, as in the specification
log {LOG} https://log.test/
witness X1 {W[0]}
witness X2 {W[1]} https://x2.test
 \twitness X3 {W[2]}
group X-witnesses 2 X1 X2 X3
witness Y1 {W[3]}
witness Y2 {W[4]}
group Y-witnesses any Y1 Y2
group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


@pytest.mark.parametrize(
    ("cosigned", "enough"),
    [
        (["X1", "X2", "Y1"], True),
        (["X1", "X3", "Y2"], True),
        (["X1", "X2", "X3"], False),
        (["X1", "Y1", "Y2"], False),
        ([], False),
    ],
)
def test_groups_count(cosigned, enough):
    assert Trust.parse(EXAMPLE).met(cosigned) is enough


def test_a_quorum_of_none_needs_nobody():
    assert Trust.parse(f"log {LOG}\nquorum none").met(())


NO_POLICIES = [
    pytest.param(f"log {LOG}", id="no quorum"),
    pytest.param("quorum none", id="no log"),
    pytest.param(f"log {LOG}\nquorum none\nquorum none", id="two quorums"),
    pytest.param(f"log {LOG}\nquorum W", id="a name that stands nowhere"),
    pytest.param(f"log {LOG}\nlog {LOG}\nquorum none", id="one key twice"),
    pytest.param(f"log {W[0]}\nquorum none", id="a witness's key for a log"),
    pytest.param(f"log {LOG}\nwitness W {LOG}\nquorum W", id="a log's key for a witness"),
    pytest.param(f"log {LOG}\nwitness none {W[0]}\nquorum none", id="a reserved name"),
    pytest.param(f"log {LOG}\nwitness W {W[0]}\ngroup g 2 W\nquorum g", id="more than there are"),
    pytest.param(f"log {LOG}\nwitness W {W[0]}\ngroup g 0 W\nquorum g", id="fewer than one"),
    pytest.param(f"log {LOG}\nwitness W {W[0]}\ngroup g any W W\nquorum g", id="one member twice"),
    pytest.param(f"log {LOG}\nwitness W {W[0]}\ngroup g any W\ngroup h any W\nquorum g", id="one in two groups"),
    pytest.param(f"log {LOG}\ngroup g any\nquorum g", id="an empty group"),
    pytest.param(f"log {LOG}\nwitness W\nquorum none", id="a key missing"),
    pytest.param("log x+y\nquorum none", id="no key"),
    pytest.param(f"log {LOG}\nallow everything\nquorum none", id="another word"),
]


@pytest.mark.parametrize("text", NO_POLICIES)
def test_what_is_no_policy_is_refused(text):
    with pytest.raises(NoteError):
        Trust.parse(text)


def test_a_witness_with_two_keys_counts_once():
    text = policy([LOG], {"one": W[:2], "two": W[2:3]}, 2)
    trust = Trust.parse(text)

    assert not trust.met(["one.1", "one.2"])
    assert trust.met(["one.2", "two.1"])
    assert trust.origin == "log"
