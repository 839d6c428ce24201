"""A quote comes from a reviewed file, in whole micros, or there is none."""

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
from gateway.domain.backend import Backend, ExecutionKind
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
FACTS = ProgramFacts(circuits=(), total_shots=4096, estimated_seconds=2.5, digest="", payload_versions=())
PRICE = {
    "upstream": "ibm",
    "backend": "ibm_*",
    "kind": "hardware",
    "per_job_micros": 300_000,
    "per_shot_micros": 10,
    "per_second_micros": 1_600_000,
    "source": "list",
}
FILE = {
    "schema": "qgw.prices/1",
    "currency": "USD",
    "sources": {"list": {"date": "2026-11-01", "title": "price list", "url": "https://example.org/prices"}},
    "prices": [PRICE],
}


@pytest.fixture(scope="module")
def book_of(tmp_path_factory):
    def load(content):
        path = tmp_path_factory.mktemp("prices") / "prices.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return PriceBook.load(path)

    return load


def test_the_shipped_file_prices_our_simulators_at_nothing():
    quote = PriceBook.load(SHIPPED).quote(SIMULATOR, FACTS)

    assert quote.amount_micros == 0
    assert quote.currency == "USD"
    assert quote.price_revision == hashlib.sha256(SHIPPED.read_bytes()).hexdigest()


def test_hardware_without_a_price_has_no_quote():
    """Policy denies what has no price: nobody spends an unknown amount."""
    assert PriceBook.load(SHIPPED).quote(HARDWARE, FACTS) is None


@pytest.mark.parametrize(
    "backend",
    [
        pytest.param(replace(HARDWARE, upstream="aer", name="sim_line_5"), id="hardware under a simulator's name"),
        pytest.param(replace(SIMULATOR, upstream="braket"), id="a vendor's simulator, which is not free"),
    ],
)
def test_our_simulators_price_fits_nothing_else(backend):
    assert PriceBook.load(SHIPPED).quote(backend, FACTS) is None


def test_the_parts_of_a_price_add_up(book_of):
    quote = book_of(FILE).quote(HARDWARE, FACTS)

    assert quote.amount_micros == 300_000 + 10 * 4096 + 4_000_000
    assert "per shot" in quote.basis


def test_the_first_price_that_fits_counts(book_of):
    dear = PRICE | {"backend": "ibm_fez", "per_job_micros": 1, "per_shot_micros": 0, "per_second_micros": 0}

    assert book_of(FILE | {"prices": [dear, PRICE]}).quote(HARDWARE, FACTS).amount_micros == 1
    assert book_of(FILE | {"prices": [PRICE, dear]}).quote(HARDWARE, FACTS).amount_micros > 1


@given(
    seconds=st.floats(min_value=0, max_value=1e6),
    shots=st.integers(0, 10**9),
    rate=st.integers(0, 10**7),
)
def test_an_amount_is_a_whole_number_never_below_the_true_price(book_of, seconds, shots, rate):
    book = book_of(FILE | {"prices": [PRICE | {"per_second_micros": rate}]})

    quote = book.quote(HARDWARE, replace(FACTS, total_shots=shots, estimated_seconds=seconds))

    exact = 300_000 + 10 * shots + Fraction(ceil(seconds * 1000), 1000) * rate
    assert type(quote.amount_micros) is int
    assert 0 <= quote.amount_micros - exact < 1


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0])
def test_an_estimate_that_is_no_time_has_no_quote(book_of, seconds):
    assert book_of(FILE).quote(HARDWARE, replace(FACTS, estimated_seconds=seconds)) is None


def test_an_amount_too_large_for_the_ledger_has_no_quote(book_of):
    book = book_of(FILE | {"prices": [PRICE | {"per_job_micros": 0, "per_shot_micros": 1, "per_second_micros": 0}]})

    assert book.quote(HARDWARE, replace(FACTS, total_shots=2**53 - 1)).amount_micros == 2**53 - 1
    assert book.quote(HARDWARE, replace(FACTS, total_shots=2**53)) is None


def test_one_changed_byte_is_another_revision(book_of):
    text = json.dumps(FILE).encode()

    assert book_of(text).revision != book_of(text + b"\n").revision


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="not an object"),
        pytest.param(b"{" + b'"a":' * 3, id="not JSON"),
        pytest.param(FILE | {"schema": "qgw.prices/2"}, id="another schema"),
        pytest.param(FILE | {"discount": 1}, id="an unknown field"),
        pytest.param(FILE | {"prices": [PRICE | {"discount": 1}]}, id="an unknown field of a price"),
        pytest.param(FILE | {"prices": [{k: v for k, v in PRICE.items() if k != "kind"}]}, id="a price without kind"),
        pytest.param(FILE | {"prices": [PRICE | {"per_job_micros": 0.5}]}, id="money as a fraction"),
        pytest.param(FILE | {"prices": [PRICE | {"per_job_micros": "1"}]}, id="money as text"),
        pytest.param(FILE | {"prices": [PRICE | {"per_job_micros": -1}]}, id="negative money"),
        pytest.param(FILE | {"prices": [PRICE | {"per_job_micros": 2**53}]}, id="money too large for the ledger"),
        pytest.param(FILE | {"prices": [PRICE | {"per_job_micros": True}]}, id="money as a truth value"),
        pytest.param(FILE | {"prices": [PRICE | {"source": "rumour"}]}, id="a price without its source"),
        pytest.param(FILE | {"currency": "usd"}, id="a currency in small letters"),
        pytest.param(FILE | {"sources": {"list": {"date": "soon", "title": "t", "url": None}}}, id="an undated source"),
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
