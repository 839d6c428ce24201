"""A quote comes from reviewed files, in whole micros, or there is none."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from math import ceil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.budgets.quote import PriceBook, PriceFileError
from gateway.budgets.workload import Site, Terms, Usage
from gateway.domain.backend import Backend, ExecutionKind
from gateway.domain.budget import Charge
from gateway.domain.circuit import ProgramFacts

SHIPPED = Path(__file__).parents[3] / "policies" / "data" / "prices.json"
SIMULATOR = Backend(
    name="sim_line_5",
    upstream="aer",
    vendor="gateway",
    region="local",
    kind=ExecutionKind.SIMULATOR,
    qubits=5,
    basis_gates=(),
    gates=(),
    coupling_map=(),
    supported_instructions=(),
    max_shots=100_000,
    max_circuits=100,
    dynamic_circuits=True,
    processor_family="Emulated",
    processor_revision="1",
    version="1.0.0",
    online_since=datetime(2026, 1, 1, tzinfo=UTC),
    description="",
    rep_delay_seconds=(0.0, 0.0, 0.0),
    dt_seconds=1e-9,
)
HARDWARE = replace(SIMULATOR, name="ibm_fez", upstream="ibm", vendor="ibm", kind=ExecutionKind.HARDWARE, qubits=156)
UNPRICED = replace(HARDWARE, name="brisk-1", upstream="newcomer")
GARNET = replace(HARDWARE, name="arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet", upstream="braket")
SV1 = replace(SIMULATOR, name="arn:aws:braket:::device/quantum-simulator/amazon/sv1", upstream="braket")
FACTS = ProgramFacts(circuits=(), total_shots=4096, estimated_seconds=2.5, digest="", payload_versions=())
OLD_PRICE = {
    "upstream": "ibm",
    "backend": "ibm_*",
    "kind": "hardware",
    "per_job_micros": 300_000,
    "per_shot_micros": 10,
    "per_second_micros": 1_600_000,
    "source": "list",
}
SOURCES = {"list": {"date": "2026-11-01", "title": "price list", "url": "https://example.org/prices"}}
OLD = {"schema": "qgw.prices/1", "currency": "USD", "sources": SOURCES, "prices": [OLD_PRICE]}
SHOTS = {"by": "task", "per_task_micros": 300_000, "per_shot_micros": 10}
TIME = {"by": "second", "per_second_micros": 1_600_000}
PRICE = {"upstream": "ibm", "backend": "ibm_*", "kind": "hardware", "rates": [SHOTS, TIME], "source": "list"}
FILE = {"schema": "qgw.prices/2", "currency": "USD", "sources": SOURCES, "prices": [PRICE]}
LARGEST = 2**53 - 1


def priced(*rates, **more):
    """Give a file with one price."""
    return FILE | {"prices": [PRICE | {"rates": list(rates)} | more]}


@pytest.fixture(scope="module")
def book_of(tmp_path_factory):
    def load(content, **more):
        path = tmp_path_factory.mktemp("prices") / "prices.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return PriceBook.load(path, **more)

    return load


# ── the shipped file ─────────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="module")
def shipped():
    return PriceBook.load(SHIPPED)


def test_the_shipped_file_prices_our_simulators_at_nothing(shipped):
    quote = shipped.quote(SIMULATOR, FACTS)

    assert (quote.amount_micros, quote.estimate_micros, quote.currency) == (0, 0, "USD")
    assert (quote.bound_seconds, quote.qpu_milliseconds) == (None, 0)
    assert quote.price_revision == hashlib.sha256(SHIPPED.read_bytes()).hexdigest()


def test_hardware_without_a_price_has_no_quote(shipped):
    """Policy denies what has no price: nobody spends an unknown amount."""
    assert shipped.quote(UNPRICED, FACTS) is None


@pytest.mark.parametrize(
    "backend",
    [
        pytest.param(replace(HARDWARE, upstream="aer", name="sim_line_5"), id="hardware under a simulator's name"),
        pytest.param(replace(SIMULATOR, upstream="braket"), id="a vendor's simulator, which is not free"),
    ],
)
def test_our_simulators_price_fits_nothing_else(shipped, backend):
    assert shipped.quote(backend, FACTS) is None


@pytest.mark.parametrize(
    ("plan", "micros"),
    [
        pytest.param("", 1_600_000, id="nobody said: the dearest"),
        pytest.param("pay-as-you-go", 1_600_000, id="by use"),
        pytest.param("flex", 1_200_000, id="prepaid"),
        pytest.param("premium", 800_000, id="by contract"),
        pytest.param("open", 0, id="free minutes"),
    ],
)
def test_ibm_is_priced_by_the_second_and_the_plan_of_the_account(shipped, plan, micros):
    quote = shipped.quote(HARDWARE, FACTS, Terms(plan=plan, max_seconds=1))

    assert quote.amount_micros == micros
    assert quote.bound_seconds == 1


def test_a_braket_device_costs_its_task_and_its_shots(shipped):
    quote = shipped.quote(GARNET, FACTS)

    assert quote.amount_micros == quote.estimate_micros == 300_000 + 4096 * 1_450
    assert quote.bound_seconds is None
    assert quote.native == (4096, "shots")
    assert "0.3 USD per task, 0.00145 USD per shot" in quote.basis
    assert "Amazon Braket pricing" in quote.source


def test_a_simulator_that_costs_takes_no_time_on_a_quantum_computer(shipped):
    quote = shipped.quote(SV1, FACTS)

    assert quote.amount_micros > 0
    assert quote.qpu_milliseconds == 0


# ── what a quote says ────────────────────────────────────────────────────────────────────────────
def test_the_rates_of_a_price_add_up(book_of):
    quote = book_of(FILE).quote(HARDWARE, FACTS)

    assert quote.amount_micros == 300_000 + 10 * 4096 + 300 * 1_600_000
    assert quote.estimate_micros == 300_000 + 10 * 4096 + 4_000_000
    assert "per shot" in quote.basis
    assert "per second" in quote.basis


def test_a_file_of_the_first_schema_is_read_still(book_of):
    assert replace(book_of(OLD).quote(HARDWARE, FACTS), price_revision="") == replace(
        book_of(FILE).quote(HARDWARE, FACTS), price_revision=""
    )


def test_what_a_job_takes_is_part_of_its_quote(book_of):
    charge = book_of(FILE, cap_seconds=60).quote(HARDWARE, FACTS).charge

    assert charge == Charge(
        micros=300_000 + 10 * 4096 + 60 * 1_600_000,
        currency="USD",
        jobs=1,
        circuits=0,
        shots=4096,
        qpu_milliseconds=60_000,
    )


@pytest.mark.parametrize(
    ("terms", "seconds"),
    [
        pytest.param(Terms(), 60, id="what the deployment says"),
        pytest.param(Terms(max_seconds=5), 5, id="less, where the caller says less"),
        pytest.param(Terms(max_seconds=900), 900, id="more, where the caller says more"),
    ],
)
def test_time_is_held_for_as_long_as_it_may_run(book_of, terms, seconds):
    quote = book_of(priced(TIME), cap_seconds=60).quote(HARDWARE, FACTS, terms)

    assert quote.bound_seconds == seconds
    assert quote.amount_micros == seconds * 1_600_000
    assert quote.qpu_milliseconds == seconds * 1_000


def test_without_a_bound_the_time_on_a_quantum_computer_is_its_estimate(book_of):
    assert book_of(priced(SHOTS)).quote(HARDWARE, FACTS).qpu_milliseconds == 2_500


def test_the_first_price_that_fits_counts(book_of):
    cheap = PRICE | {"backend": "ibm_fez", "rates": [{"by": "nothing"}]}

    assert book_of(FILE | {"prices": [cheap, PRICE]}).quote(HARDWARE, FACTS).amount_micros == 0
    assert book_of(FILE | {"prices": [PRICE, cheap]}).quote(HARDWARE, FACTS).amount_micros > 0


@given(seconds=st.floats(min_value=0, max_value=1e6), shots=st.integers(0, 10**9), rate=st.integers(0, 10**7))
def test_an_amount_is_a_whole_number_never_below_the_true_price(book_of, seconds, shots, rate):
    book = book_of(priced(SHOTS, TIME | {"per_second_micros": rate}), cap_seconds=10**6)

    quote = book.quote(HARDWARE, replace(FACTS, total_shots=shots, estimated_seconds=seconds))

    exact = 300_000 + 10 * shots + Fraction(ceil(Fraction(repr(seconds)) * 1000), 1000) * rate
    assert type(quote.amount_micros) is int
    assert 0 <= quote.estimate_micros - exact < 1
    assert quote.amount_micros == 300_000 + 10 * shots + 10**6 * rate


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0])
def test_an_estimate_that_is_no_time_has_no_quote(book_of, seconds):
    assert book_of(FILE).quote(HARDWARE, replace(FACTS, estimated_seconds=seconds)) is None


@pytest.mark.parametrize(
    ("rate", "largest"),
    [
        pytest.param({"by": "task", "per_task_micros": 0, "per_shot_micros": 1}, LARGEST, id="money"),
        pytest.param({"by": "nothing"}, LARGEST, id="shots"),
    ],
)
def test_an_amount_too_large_for_the_ledger_has_no_quote(book_of, rate, largest):
    book = book_of(priced(rate))

    assert book.quote(HARDWARE, replace(FACTS, total_shots=largest)).shots == largest
    assert book.quote(HARDWARE, replace(FACTS, total_shots=largest + 1)) is None


@pytest.mark.parametrize("seconds", [-1, LARGEST])
def test_a_bound_that_is_no_time_has_no_quote(book_of, seconds):
    assert book_of(priced(TIME | {"per_second_micros": 0})).quote(HARDWARE, FACTS, Terms(max_seconds=seconds)) is None


# ── an operator's own prices ─────────────────────────────────────────────────────────────────────
@pytest.fixture
def own(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "20-later.json").write_text(json.dumps(priced(TIME) | {"currency": "CHF"}))
    (folder / "10-contract.json").write_text(
        json.dumps(priced({"by": "nothing"}, plan="premium") | {"currency": "EUR"})
    )
    return folder


def test_an_operators_own_prices_go_before_the_shipped_ones(own):
    book = PriceBook.load(SHIPPED, over=own)

    assert book.quote(HARDWARE, FACTS, Terms(plan="premium")).currency == "EUR"
    assert book.quote(HARDWARE, FACTS).currency == "CHF"
    assert book.quote(GARNET, FACTS).currency == "USD"


def test_a_book_of_several_files_has_a_revision_of_its_own(own):
    """Whoever reads an entry later must find exactly the prices it was made with."""
    book = PriceBook.load(SHIPPED, over=own)

    assert book.revision == hashlib.sha256(book.content).hexdigest() != PriceBook.load(SHIPPED).revision
    assert [layer["name"] for layer in json.loads(book.content)["layers"]] == [
        "10-contract.json",
        "20-later.json",
        "prices.json",
    ]
    assert PriceBook.load(SHIPPED, over=own / "20-later.json").revision != book.revision


def test_an_empty_folder_of_prices_is_a_mistake(tmp_path):
    with pytest.raises(PriceFileError, match=r"holds no file"):
        PriceBook.load(SHIPPED, over=tmp_path)


# ── what a job cost in the end ───────────────────────────────────────────────────────────────────
HELD = Charge(micros=480_000_000, currency="USD", jobs=1, circuits=2, shots=4096, qpu_milliseconds=300_000)


def ran(completed=True, **known):
    return Usage(**({"site": Site.of(HARDWARE), "completed": completed} | known))


@pytest.mark.parametrize(
    ("usage", "charged"),
    [
        pytest.param(
            ran(milliseconds=2_000), replace(HELD, micros=3_200_000, qpu_milliseconds=2_000), id="its billed time"
        ),
        pytest.param(
            ran(milliseconds=400_000),
            replace(HELD, micros=640_000_000, qpu_milliseconds=400_000),
            id="more than was held, honestly",
        ),
        pytest.param(
            ran(completed=False, milliseconds=500),
            replace(HELD, micros=800_000, qpu_milliseconds=500),
            id="what of a failed job ran",
        ),
        pytest.param(ran(), HELD, id="all that was held, where nothing is told"),
        pytest.param(
            ran(completed=False),
            Charge(currency="USD"),
            id="nothing, where nothing ran",
        ),
    ],
)
def test_a_job_is_charged(book_of, usage, charged):
    assert book_of(priced(TIME)).charge(usage, HELD) == charged


def test_what_gates_cost_is_charged_in_proportion_to_the_shots_that_were_done(book_of):
    """Gates are not known any more when a job has run; what was held for them is."""
    rate = {"one_qubit_gate_nanos": 1, "two_qubit_gate_nanos": 1, "minimum_micros": 0, "mitigated_minimum_micros": 0}
    book = book_of(priced({"by": "gate", **rate}))

    assert book.charge(ran(shots=1024), HELD).micros == 120_000_000
    assert book.charge(ran(completed=False, shots=1), HELD).micros == 117_188
    assert book.charge(ran(shots=10**6), HELD).micros == HELD.micros


def test_a_price_in_another_currency_than_was_held_charges_what_was_held(book_of):
    """The price file was changed while the job ran; no rate of exchange is known here."""
    book = book_of(priced(TIME) | {"currency": "EUR"})

    assert book.charge(ran(milliseconds=1), HELD) == replace(HELD, qpu_milliseconds=1)


def test_a_simulator_charges_no_time_on_a_quantum_computer(book_of):
    usage = ran(site=Site.of(SIMULATOR), milliseconds=10)

    assert book_of(FILE).charge(usage, replace(HELD, micros=0)).qpu_milliseconds == 0


@given(held=st.integers(0, LARGEST), shots=st.integers(1, 10**9), done=st.integers(0, 10**9))
def test_a_part_never_costs_more_than_the_whole_nor_less_than_its_share(book_of, held, shots, done):
    charge = Charge(micros=held, currency="USD", jobs=1, shots=shots)

    micros = book_of(FILE).charge(ran(site=Site.of(UNPRICED), shots=done), charge).micros

    assert 0 <= micros <= held
    assert micros * shots >= held * min(done, shots)


# ── files ────────────────────────────────────────────────────────────────────────────────────────
def test_one_changed_byte_is_another_revision(book_of):
    text = json.dumps(FILE).encode()

    assert book_of(text).revision != book_of(text + b"\n").revision


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="not an object"),
        pytest.param(b"{" + b'"a":' * 3, id="not JSON"),
        pytest.param(FILE | {"schema": "qgw.prices/3"}, id="another schema"),
        pytest.param(FILE | {"schema": "qgw.prices/1"}, id="prices of the second schema under the name of the first"),
        pytest.param(OLD | {"schema": "qgw.prices/2"}, id="prices of the first schema under the name of the second"),
        pytest.param(FILE | {"discount": 1}, id="an unknown field"),
        pytest.param(FILE | {"prices": [PRICE | {"discount": 1}]}, id="an unknown field of a price"),
        pytest.param(FILE | {"prices": [{k: v for k, v in PRICE.items() if k != "kind"}]}, id="a price without kind"),
        pytest.param(priced(), id="a price without a rate"),
        pytest.param(priced({"by": "goodwill"}), id="an unknown rate"),
        pytest.param(priced(SHOTS | {"per_qubit_micros": 1}), id="an unknown field of a rate"),
        pytest.param(priced(SHOTS | {"per_task_micros": 0.5}), id="money as a fraction"),
        pytest.param(priced(SHOTS | {"per_task_micros": "1"}), id="money as text"),
        pytest.param(priced(SHOTS | {"per_task_micros": -1}), id="negative money"),
        pytest.param(priced(SHOTS | {"per_task_micros": 2**53}), id="money too large for the ledger"),
        pytest.param(priced(SHOTS | {"per_task_micros": True}), id="money as a truth value"),
        pytest.param(priced(SHOTS, source="rumour"), id="a price without its source"),
        pytest.param(FILE | {"currency": "usd"}, id="a currency in small letters"),
        pytest.param(FILE | {"sources": {"list": {"date": "soon", "title": "t", "url": None}}}, id="an undated source"),
        pytest.param(
            FILE | {"sources": {"list": {"date": "2026-02-30", "title": "t", "url": None}}}, id="no day of the calendar"
        ),
        pytest.param(
            json.dumps(FILE).replace('{"schema"', '{"currency": "EUR", "schema"').encode(), id="a repeated key"
        ),
        pytest.param(json.dumps(FILE).encode() + b"{}", id="something behind it"),
        pytest.param(b"\xff\xfe", id="not UTF-8"),
    ],
)
def test_a_file_that_is_not_exactly_right_is_refused(book_of, content):
    with pytest.raises(PriceFileError, match=r"prices\.json"):
        book_of(content)


def test_an_absent_file_is_refused(tmp_path):
    with pytest.raises(PriceFileError, match="no such file"):
        PriceBook.load(tmp_path / "prices.json")
