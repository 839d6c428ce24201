"""The schema of provenance: every field says who may tell it, and a document has all of them."""

import pytest

from gateway.domain.provenance import EXPECTED, FIELDS, OF_THE_WORK, TAG, Origin, Phase, Provenance, Told, json_schema

WHOLE = Provenance({name: Told("x", Origin.MEASURED) for name in EXPECTED})


def test_every_field_is_named_once_and_says_who_may_tell_it():
    names = [each.name for each in FIELDS]

    assert len(names) == len(set(names))
    assert all(each.origins and each.source and each.docs.endswith(".") for each in FIELDS)


def test_only_what_can_be_known_before_a_job_runs_is_expected_of_it():
    assert {each.phase for each in FIELDS if each.expected} == {Phase.SUBMISSION}
    assert set(OF_THE_WORK) < set(EXPECTED)


def test_a_provenance_with_every_expected_field_is_complete():
    assert (WHOLE.complete, WHOLE.score, WHOLE.missing, WHOLE.known) == (True, 100, (), EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_one_expected_field_that_nobody_told_makes_it_incomplete(name):
    known = Provenance({other: told for other, told in WHOLE.told.items() if other != name})

    assert (known.complete, known.missing) == (False, (name,))
    assert 0 < known.score < 100


def test_what_has_no_meaning_for_a_job_is_not_missing():
    known = Provenance({**WHOLE.told, "calibration.submitted": Told(None, Origin.INAPPLICABLE)})

    assert known.complete
    assert known.document()["fields"]["calibration.submitted"] == {"value": None, "origin": "inapplicable"}


def test_nothing_known_scores_nothing():
    assert (Provenance({}).score, Provenance({}).complete) == (0, False)


def test_a_document_has_every_field_of_its_schema_and_no_other():
    document, schema = WHOLE.document(job="j", submitted_at="t"), json_schema()

    assert set(document) == set(schema["properties"])
    assert set(document["fields"]) == set(schema["properties"]["fields"]["required"]) == {each.name for each in FIELDS}
    assert document["fields"]["jobs.parents"] == {"value": None, "origin": None}


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        pytest.param("qgw:code=git:4be1c7f", ("code", "git:4be1c7f"), id="a revision"),
        pytest.param("qgw:dataset.2=s3://lab/a b", ("dataset", "s3://lab/a b"), id="a second dataset"),
        pytest.param("qgw:label=a=b", ("label", "a=b"), id="an equals sign in the text"),
        pytest.param("qgw:seed=7", ("seed", "7"), id="one letter"),
        pytest.param("qgw:code=", None, id="no text"),
        pytest.param("qgw:code= x", None, id="a text that begins with a space"),
        pytest.param("qgw:code=x\n", None, id="a line's end"),
        pytest.param("qgw:label=é", None, id="no ASCII"),
        pytest.param("qgw:dataset.Two=x", None, id="capital letters in the suffix"),
        pytest.param("qgw:classification=public", None, id="another tag of the gateway's"),
    ],
)
def test_a_tag_of_provenance_has_a_kind_and_a_text(tag, told):
    """The rule data/gateway-tags has the same pattern, so that a tag which is not read here is refused there."""
    found = TAG.fullmatch(tag)

    assert (None if found is None else found.groups()) == told
