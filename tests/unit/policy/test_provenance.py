"""What a submission says of where it comes from, and who says it."""

from dataclasses import replace

import pytest

from gateway.domain.backend import ExecutionKind
from gateway.domain.classification import Classification
from gateway.domain.money import Quote
from gateway.domain.provenance import EXPECTED, Origin, Told
from gateway.policy.nouns import LARGEST
from gateway.policy.provenance import noun, submitted
from tests.policy.cast import CIRCUIT, EMULATED, HARDWARE, SUBMISSION
from tests.policy.golden import EMULATION, TOLD

QUOTE = Quote(amount_micros=5, currency="EUR", price_revision="ab", basis="")


def told(backend=EMULATED, circuits=(CIRCUIT,), quote=QUOTE, calibrated=True, **changes):
    """Gather what a submission says, with some of it changed."""
    story = replace(EMULATION, circuits=circuits)
    return submitted(
        submission=replace(SUBMISSION, **changes),
        measured=story._measured(),
        classification=Classification.INTERNAL,
        backend=backend,
        calibration=story._calibration() if calibrated else None,
        quote=quote,
    )


def test_tagged_work_is_complete():
    assert told(tags=TOLD).missing == ()


def test_untagged_work_lacks_what_only_its_user_can_tell():
    assert told().missing == ("data.datasets", "code.revision")


@pytest.mark.parametrize(
    ("field", "origin"),
    [
        ("circuit.digest", Origin.MEASURED),
        ("parameters.bindings", Origin.MEASURED),
        ("options.digest", Origin.MEASURED),
        ("cost.quoted_micros", Origin.MEASURED),
        ("backend.asked", Origin.DECLARED),
        ("backend.name", Origin.DECIDED),
        ("data.classification", Origin.DECIDED),
        ("software.sdk", Origin.DECLARED),
        ("software.compiler", Origin.DECLARED),
        ("code.revision", Origin.TAGGED),
        ("data.datasets", Origin.TAGGED),
        ("calibration.submitted", Origin.MEASURED),
    ],
)
def test_each_field_names_who_told_it(field, origin):
    assert told(tags=TOLD).told[field].origin is origin


def test_tags_of_a_kind_are_a_list_in_their_order():
    known = told(tags=("qgw:dataset=b", "mine", "qgw:dataset.2=a", "qgw:parent=d2q0", "qgw:circuit=bell@3"))

    assert known.texts("data.datasets") == ("b", "a")
    assert known.texts("jobs.parents") == ("d2q0",)
    assert known.texts("circuit.version") == ("bell@3",)


def test_a_tag_stands_in_for_what_the_sdk_does_not_say_and_never_overrides_it():
    tags = ("qgw:sdk=curl 8.5", "qgw:compiler=tket 2.9")

    assert told(tags=tags, sdk="", compiler="").told["software.sdk"] == Told("curl 8.5", Origin.TAGGED)
    assert told(tags=tags).told["software.compiler"] == Told("qiskit 2.6.2", Origin.DECLARED)


def test_every_seed_is_kept_by_its_place_and_large_ones_as_text():
    options = {"simulator": {"seed_simulator": 2**60}, "noise": {"seed": None, "model": "x"}, "seeded": True}

    assert told(options=options).told["seeds"] == Told({"simulator.seed_simulator": str(2**60)}, Origin.DECLARED)
    assert told(options={}, tags=("qgw:seed=7",)).told["seeds"] == Told({"tag": "7"}, Origin.TAGGED)
    assert "seeds" not in told(options={}).told


def test_options_have_one_digest_whatever_their_order():
    one = told(options={"a": 1, "b": {"c": "é"}})
    other = told(options={"b": {"c": "é"}, "a": 1})

    assert one.told["options.digest"] == other.told["options.digest"] != told(options={"a": 2}).told["options.digest"]


def test_hardware_without_a_calibration_lacks_it_and_a_simulator_needs_none():
    assert "calibration.submitted" in told(backend=HARDWARE, calibrated=False).missing
    assert told(calibrated=False).told["calibration.submitted"] == Told(None, Origin.INAPPLICABLE)
    assert told(backend=HARDWARE).told["calibration.submitted"].origin is Origin.REPORTED
    assert HARDWARE.kind is ExecutionKind.HARDWARE


def test_a_payload_that_could_not_be_read_is_known_by_its_digest_alone():
    known = told(circuits=None, quote=None, backend=None)

    assert {"payload.digest", "options.digest", "backend.asked"} <= set(known.known)
    assert {"circuit.digest", "shots", "backend.name", "cost.quoted_micros"} <= set(known.missing)


def test_numbers_beyond_json_are_unknown():
    assert "shots" in told(circuits=(replace(CIRCUIT, shots=LARGEST + 1),)).missing


def test_half_a_surrogate_pair_harms_nothing():
    known = told(backend=None, sdk="\ud800", options={"seed_\udfff": 1})

    assert known.text("software.sdk") == "?"
    assert known.told["seeds"].value == {"seed_?": "1"}


def test_the_fact_says_the_same():
    fact = noun(told(tags=TOLD))

    assert (fact.complete, fact.score, fact.missing, fact.known) == (True, 100, (), EXPECTED)
    assert fact.code == ("git:4be1c7f",)
    assert fact.datasets == ("doi:10.5281/zenodo.7", "s3://lab/run-7")
    assert (fact.labels, fact.parents) == (("vqe",), ())
