"""Job ids with room for children: found from a child's id alone, and nothing else looks like one."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ionq import ids

ENTROPY = st.binary(min_size=16, max_size=16)
PARENT = ids.parent(bytes(16))


@given(ENTROPY, st.integers(0, ids.MOST_CHILDREN - 1))
def test_a_child_leads_to_its_parent(entropy, index):
    parent = ids.parent(entropy)

    assert ids.split(ids.child(parent, index)) == (parent, index)
    assert ids.split(parent) == (parent, None)


@given(ENTROPY)
def test_every_id_is_a_random_uuid_to_others(entropy):
    for found in (ids.parent(entropy), ids.child(ids.parent(entropy), 0)):
        assert UUID(found).version == 4
        assert str(UUID(found)) == found


def test_children_are_distinct():
    assert len({PARENT, *ids.children(PARENT, 300)}) == 301


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("nobodys", id="no UUID"),
        pytest.param(ids.child(PARENT, 3).upper(), id="another spelling of one"),
        pytest.param(ids.child(PARENT, 3).replace("-", ""), id="one without dashes"),
        pytest.param(ids.child(PARENT, ids.MOST_CHILDREN), id="one child too many"),
    ],
)
def test_whatever_is_no_child_is_itself(text):
    assert ids.split(text) == (text, None)


def test_somebody_elses_id_is_rarely_taken_for_a_child():
    """The words of a refusal then name an id that nobody asked for."""
    taken = sum(ids.split(str(uuid4()))[1] is not None for _ in range(500))

    assert taken < 100
