"""What a job would cost is told before anybody submits it; nothing is held, nothing is sent."""

import json

import pytest

from tests.unit.braket import made

GARNET = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"
FEZ = ("--backend", "ibm_fez", "--seconds", "2.5")


def test_a_size_is_priced_with_its_source(deployed):
    told = deployed("plan", "--backend", GARNET, "--shots", "100")

    assert told.status == 0
    assert "0.445 USD" in told.out
    assert "Amazon Braket pricing" in told.out
    assert "100 shots" in told.out


def test_time_is_held_at_its_bound_and_estimated_as_said(deployed):
    told = deployed("plan", *FEZ, "--max-seconds", "60", "--json").json

    assert (told["estimate"], told["held"], told["bound_seconds"]) == ("4.00", "96.00", 60)
    assert told["native"] == {"amount": 60_000, "unit": "milliseconds"}
    assert len(told["price_revision"]) == 64


@pytest.mark.parametrize(("plan", "held"), [("flex", "360.00"), ("open", "0.00"), ("another", "480.00")])
def test_a_plan_has_its_own_prices(deployed, plan, held):
    assert deployed("plan", *FEZ, "--plan", plan, "--json").json["held"] == held


def test_our_simulators_cost_nothing(deployed):
    told = deployed("plan", "--backend", "sim_line_5", "--json").json

    assert (told["upstream"], told["held"], told["qpu_seconds"]) == ("aer", "0.00", "0")


def test_a_program_is_read_as_the_gateway_reads_it(deployed, tmp_path):
    body = tmp_path / "task.json"
    body.write_text(json.dumps(made.task(deviceArn=GARNET, shots=50)))

    told = deployed("plan", str(body), "--dialect", "braket", "--json")

    assert told.status == 0
    assert (told.json["backend"], told.json["shots"], told.json["held"]) == (GARNET, 50, "0.3725")


def test_a_program_that_cannot_be_read_is_refused(deployed, tmp_path):
    body = tmp_path / "task.json"
    body.write_text(json.dumps(made.task(action=made.action("OPENQASM 3.0; nonsense"))))

    assert deployed("plan", str(body), "--dialect", "braket").status == 1


@pytest.mark.parametrize(
    ("amount", "left_after", "status"),
    [
        pytest.param("100", "20.00", 0, id="enough is left"),
        pytest.param("79", "-1.00", 1, id="not enough is left"),
    ],
)
def test_what_is_left_afterwards_is_told(staffed, amount, left_after, status):
    staffed(
        "budgets", "set", "lab-month", "--project", "lab", "--amount", amount, "--currency", "USD", "--per", "month"
    )

    told = staffed("plan", *FEZ, "--project", "lab", "--max-seconds", "50", "--json")

    (limit,) = told.json["limits"]
    assert (limit["limit"], limit["needed"], limit["left after"]) == ("lab-month", "80.00", left_after)
    assert (limit["fits"], told.status) == (status == 0, status)


def test_a_limit_in_another_currency_fits_nothing_that_costs(staffed):
    """Nobody knows a rate of exchange here; such a job is denied, too."""
    staffed(
        "budgets", "set", "lab-month", "--project", "lab", "--amount", "1000", "--currency", "EUR", "--per", "month"
    )

    told = staffed("plan", *FEZ, "--project", "lab")

    assert told.status == 1
    assert "EUR" in told.out


def test_a_limit_of_another_project_is_not_told(staffed):
    staffed("budgets", "set", "lab-month", "--project", "lab", "--amount", "1", "--currency", "USD", "--per", "month")

    assert staffed("plan", *FEZ, "--json").json["limits"] == []


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        pytest.param(["--backend", "brisk-1"], 1, "no price is known", id="no price"),
        pytest.param(["--backend", "ibm_fez", "--upstream", "ionq"], 1, "no price is known", id="another's backend"),
        pytest.param([*FEZ, "--project", "nobody"], 1, "nobody", id="no such project"),
        pytest.param([], 2, "FILE", id="nothing to price"),
        pytest.param([__file__], 2, "dialect", id="a file in nobody's words"),
        pytest.param([__file__, "--dialect", "braket", "--shots", "1"], 2, "size", id="a file and a size"),
        pytest.param([__file__, "--dialect", "klingon"], 2, "braket, ibm, ionq", id="an unknown dialect"),
    ],
)
def test_what_cannot_be_planned_is_said(deployed, arguments, status, said):
    told = deployed("plan", *arguments)

    assert told.status == status
    assert said in told.err


def test_a_backend_of_several_vendors_needs_a_word_more(deployed, monkeypatch, tmp_path):
    price = {"backend": "brisk-*", "kind": "hardware", "rates": [{"by": "nothing"}], "source": "own"}
    own = {
        "schema": "qgw.prices/2",
        "currency": "CHF",
        "sources": {"own": {"date": "2026-11-01", "title": "a contract", "url": None}},
        "prices": [price | {"upstream": "ibm"}, price | {"upstream": "newcomer"}],
    }
    (tmp_path / "own.json").write_text(json.dumps(own))
    monkeypatch.setenv("GATEWAY_BUDGETS__OWN_PRICES", str(tmp_path / "own.json"))

    told = deployed("plan", "--backend", "brisk-1")

    assert told.status == 1
    assert "--upstream" in told.err
    assert deployed("plan", "--backend", "brisk-1", "--upstream", "newcomer", "--json").json["currency"] == "CHF"
