"""What changes in a body on its way to IBM: declared, and not one byte more."""

import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ibm.splices import Splices
from adapters.ibm.vendor_edits import prepared
from gateway.domain.malformed import InvalidValueError
from tests.fakes.vendors.ibm.vendor import CRN
from tests.unit.ibm.vendor_calls import ACCOUNT, FIVE, MARK, dispatched

HEAD = '{ "program_id" : "sampler",\n "backend":"ibm_test_five", "params": {"pubs": [1.0, "\\u00fc"]}'


def edited(text, **changes):
    made = prepared(ACCOUNT, dispatched(text.encode(), **changes))
    return made.body.decode(), {edit.pointer: edit for edit in made.edits if edit.pointer != "header:Service-CRN"}


def digest(text):
    return sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("before", "after", "pointer", "new"),
    [
        pytest.param(" }", f' ,"tags":["{MARK}"]}}', "/tags", f'["{MARK}"]', id="no tags"),
        pytest.param(', "tags": [ ]}', f', "tags": [ "{MARK}"]}}', "/tags/0", f'"{MARK}"', id="an empty list"),
        pytest.param(
            ', "tags" :["a", "b" ] }', f', "tags" :["a", "b" ,"{MARK}"] }}', "/tags/2", f'"{MARK}"', id="some tags"
        ),
        pytest.param(
            ',"tags":["]","}",","], "cost": 5}', f',"tags":["]","}}",",","{MARK}"], "cost": 5}}', "/tags/3",
            f'"{MARK}"', id="tags that look like JSON",
        ),
    ],
)  # fmt: skip
def test_the_mark_is_one_more_tag_and_all_else_keeps_its_bytes(before, after, pointer, new):
    text, edits = edited(HEAD + before)

    assert text == HEAD + after
    assert {each: (edit.old_digest, edit.new, edit.why) for each, edit in edits.items()} == {
        pointer: (None, new, "mark")
    }


def test_the_eighth_tag_stays_here_and_that_is_declared():
    tags = [f"tag-{number}" for number in range(8)]
    text, edits = edited(f'{HEAD}, "tags": {json.dumps(tags)}}}')

    assert json.loads(text)["tags"] == [*tags[:7], MARK]
    assert edits["/tags/7"].old_digest == digest('"tag-7"')


def test_more_tags_than_ibm_takes_are_ibms_to_refuse():
    tags = [f"tag-{number}" for number in range(9)]
    text, _ = edited(f'{HEAD}, "tags": {json.dumps(tags)}}}')

    assert json.loads(text)["tags"] == [*tags, MARK]


@pytest.mark.parametrize("tag", [MARK, "\\u0071gw-" + "0" * 32], ids=["plain", "escaped"])
def test_a_tag_that_looks_like_a_mark_is_refused_without_being_quoted(tag):
    """Whoever could forge one would be given somebody else's job."""
    with pytest.raises(InvalidValueError) as refused:
        edited(f'{HEAD}, "tags": ["a", "{tag}"]}}')

    assert "/tags" in refused.value.message
    assert MARK not in refused.value.message


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param('{"session_id" : "s", "a":1}', '{"a":1', id="first"),
        pytest.param('{"a":1, "session_id":"s" , "b":2}', '{"a":1, "b":2', id="in the middle"),
        pytest.param('{"a":1 , "session_id":"s"}', '{"a":1', id="last"),
    ],
)
def test_a_session_of_ours_is_left_out(before, after):
    text, edits = edited(before)

    assert text == after + f',"tags":["{MARK}"]}}'
    assert (edits["/session_id"].old_digest, edits["/session_id"].why) == (digest('"s"'), "session")


def test_a_session_that_ibm_knows_is_named_by_its_own_id():
    text, edits = edited('{"session_id":"s"}', vendor_session_id="theirs")

    assert json.loads(text)["session_id"] == "theirs"
    assert edits["/session_id"].new == '"theirs"'


def test_instance_and_backend_are_those_of_the_permit():
    text, edits = edited('{"instance": "crn:mine", "backend": "ibm_other"}')

    assert (json.loads(text)["instance"], json.loads(text)["backend"]) == (CRN, FIVE)
    assert {edits[name].why for name in ("/instance", "/backend")} == {"account", "translated"}


def test_the_accounts_instance_in_the_header_is_declared():
    (edit, _) = prepared(ACCOUNT, dispatched(b"{}")).edits

    assert (edit.pointer, json.loads(edit.new), edit.why) == ("header:Service-CRN", CRN, "account")


@pytest.mark.parametrize(
    ("before", "limit", "after", "old"),
    [
        pytest.param('{"a":1', 300, '{"a":1,"cost":300', None, id="nothing asked"),
        pytest.param('{"a":1, "cost" : 900', 300, '{"a":1, "cost" : 300', digest("900"), id="more asked"),
        pytest.param('{"a":1, "cost":null', 300, '{"a":1, "cost":300', digest("null"), id="null asked"),
    ],
)
def test_a_job_runs_no_longer_than_allowed_and_that_is_declared(before, limit, after, old):
    """What is held for a job by the second holds only if IBM stops it in time."""
    text, edits = edited(before + "}", max_seconds=limit)

    assert text == after + f',"tags":["{MARK}"]}}'
    assert (edits["/cost"].old_digest, edits["/cost"].new, edits["/cost"].why) == (old, "300", "limit")


@pytest.mark.parametrize("limit", [None, 60, 61])
def test_a_client_that_asks_for_less_is_left_alone(limit):
    text, edits = edited('{"cost":60}', max_seconds=limit)

    assert json.loads(text)["cost"] == 60
    assert "/cost" not in edits


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["tags", "session_id", "a", 'quote"', "ü", "}{"])


@given(
    members=st.dictionaries(NAMES, JSON, max_size=5),
    indent=st.sampled_from([None, 0, 3]),
    ascii_only=st.booleans(),
    dropped=NAMES,
    put=NAMES,
)
def test_changes_of_text_are_changes_of_meaning_and_nothing_more(members, indent, ascii_only, dropped, put):
    text = json.dumps(members, indent=indent, ensure_ascii=ascii_only)
    document = Splices(text.encode())
    wanted = dict(members)
    if dropped in members and dropped != put:
        document.drop(dropped)
        del wanted[dropped]
    # A document that ends up empty has no comma to share, and no submission is one.
    if wanted or put in members or not members:
        document.put(put, '"new"')
        wanted[put] = "new"

    assert json.loads(document.done()) == wanted
    assert Splices(text.encode()).done() == text.encode()


@given(elements=st.lists(JSON, max_size=5), index=st.integers(0, 5), indent=st.sampled_from([None, 2]))
def test_an_element_is_replaced_or_added(elements, index, indent):
    document = Splices(json.dumps({"x": elements, "y": 1}, indent=indent).encode())
    place = min(index, len(elements))

    document.put_element("x", place, "[7]")

    assert json.loads(document.done()) == {"x": [*elements[:place], [7], *elements[place + 1 :]], "y": 1}
    assert [json.loads(each) for each in document.elements("x")] == elements
