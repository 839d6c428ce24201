"""`gateway budgets`, `spend` and `invoices` as a person calls them: decimals in, decimals out, refusals on one line."""

import csv
import io

import pytest

from gateway.casework.budgets import Budgets
from gateway.cli.spend import csv_of
from gateway.store.books import Difference

MONTHLY = ("--project", "lab", "--amount", "100", "--currency", "EUR", "--per", "month")
INVOICE = (
    "invoice,period_start,period_end,vendor_job_id,item,amount,currency,used_at\n"
    "R-1,2026-10-01,2026-11-01,nobody-knows,shots,12.50,USD,2026-10-05\n"
)


# ── budgets ──────────────────────────────────────────────────────────────────────────────────────
def test_a_limit_is_set_listed_raised_shown_and_removed(staffed):
    made = staffed("budgets", "set", "lab-month", *MONTHLY, "--soft", "80", "--zone", "Europe/Berlin", "--json")
    assert (made.status, made.json["allowed"], made.json["target"]) == (0, "100.00", "lab")

    assert "lab-month" in staffed("budgets", "list").out
    reason = ("--until", "2099-01-01", "--reason", "a paper")
    assert staffed("budgets", "raise", "lab-month", "--amount", "12.5", *reason).status == 0
    shown = staffed("budgets", "show", "lab-month", "--json").json
    assert (shown["amount"], shown["allowed"], shown["raises"][0]["reason"]) == ("100.00", "112.50", "a paper")
    assert "12.50 until 2098-12-31 23:00Z (a paper)" in staffed("budgets", "show", "lab-month").out

    assert staffed("budgets", "remove", "lab-month", "--reason", "over").status == 0
    assert staffed("budgets", "list", "--json").json == []
    types = [entry["type"] for entry in staffed("audit", "show", "--json").json]
    assert types[-3:] == ["limit.set", "limit.raised", "limit.removed"]


@pytest.mark.parametrize(
    ("options", "unit"),
    [
        (("--organisation", "--unit", "shots", "--amount", "5000", "--per", "rolling", "--seconds", "3600"), "shots"),
        (("--principal", "ada", "--unit", "qpu-seconds", "--amount", "1.5", "--per", "week"), "qpu-seconds"),
        (("--project", "lab", "--unit", "jobs", "--amount", "3", "--per", "open", "--upstream", "aer"), "jobs"),
        (
            ("--organisation", "--amount", "9", "--currency", "USD", "--per", "year", "--fiscal-month", "4"),
            "money",
        ),
    ],
)
def test_every_kind_of_limit_can_be_set(staffed, options, unit):
    made = staffed("budgets", "set", "x", *options, "--json")

    assert (made.status, made.json["unit"]) == (0, unit)


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        (("--amount", "-5"), 1, "-5 is negative"),
        (("--amount", "1.0000001"), 1, "finer than the books keep"),
        (("--amount", "1,50"), 1, "no amount"),
        (("--currency", "EURO"), 1, "no currency"),
        (("--project", "moon"), 1, "no project 'moon'; known: default, lab"),
        (("--zone", "Mars/Base"), 1, "no time zone 'Mars/Base'"),
        (("--per", "fortnight"), 2, "'fortnight' is not one of"),
        (("--organisation",), 2, "exactly one of"),
        (("--team", "nobody", "--project", ""), 1, "no team 'nobody'"),
    ],
)
def test_what_makes_no_limit_is_refused_on_one_line(staffed, change, status, said):
    told = staffed("budgets", "set", "x", *MONTHLY, *change)

    assert (told.status, len(told.err.splitlines())) == (status, 1)
    assert said in told.err
    assert staffed("budgets", "list", "--json").json == []


def test_a_check_says_that_all_balances_agree(staffed):
    staffed("budgets", "set", "x", *MONTHLY)
    told = staffed("budgets", "check")

    assert (told.status, told.err) == (0, "every balance is what the journal says\n")


def test_a_check_shows_each_balance_that_does_not(staffed, monkeypatch):
    staffed("budgets", "set", "x", *MONTHLY)

    async def differing(budgets):
        limit = (await budgets.every())[0].limit
        return [Difference(limit=limit, window_start="", kept=(5_000_000, 0), derived=(0, 1_500_000))]

    monkeypatch.setattr(Budgets, "check", differing)
    told = staffed("budgets", "check", "--json")

    assert told.status == 1
    assert told.json == [
        {
            "limit": "x",
            "window": None,
            "held": "5.00",
            "derived held": "0.00",
            "settled": "0.00",
            "derived settled": "1.50",
        }
    ]


# ── spend ────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("form", "first"),
    [
        ("table", "project  vendor  currency"),
        ("csv", "project,vendor,currency"),
        ("focus", "BilledCost,BillingAccountId,"),
    ],
)
def test_where_nothing_was_spent_there_is_a_head_alone(deployed, form, first):
    told = deployed("spend", "--format", form)

    assert (told.status, len(told.out.splitlines())) == (0, 1)
    assert told.out.startswith(first)


def test_spending_is_asked_for_by_what_it_is_told_apart_by(deployed):
    assert deployed("spend", "--by", "team,day,vendor", "--format", "json").json == []
    told = deployed("spend", "--by", "colour")
    assert (told.status, "only by team, project" in told.err) == (1, True)
    assert deployed("spend", "--since", "2026-11-02", "--until", "2026-11-01").status == 1


def test_no_spreadsheet_runs_a_name_as_a_formula():
    rows = [{"team": "=HYPERLINK(1)", "amount": "-5.00"}, {"team": 'a, "b"', "amount": None}]

    read = list(csv.reader(io.StringIO(csv_of(rows, ("team", "amount")), newline="")))

    assert read == [["team", "amount"], ["'=HYPERLINK(1)", "-5.00"], ['a, "b"', ""]]


# ── invoices ─────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def invoice(tmp_path):
    path = tmp_path / "invoice.csv"
    path.write_text(INVOICE)
    return str(path)


def test_an_invoice_is_imported_once_and_listed(deployed, invoice):
    first = deployed("invoices", "import", invoice, "--vendor", "ionq", "--json")
    second = deployed("invoices", "import", invoice, "--vendor", "ionq", "--json")

    assert (first.status, first.json["invoice"], first.json["lines"]) == (0, "R-1", 1)
    assert second.json == first.json
    assert deployed("invoices", "list", "--json").json == [first.json]


def test_unexplained_spend_is_shown_with_its_total(deployed, invoice):
    told = deployed("invoices", "reconcile", invoice, "--vendor", "ionq")

    assert told.status == 1
    assert "unknown" in told.out
    assert "nobody-knows" in told.out
    assert "unexplained spend: 12.50 USD" in told.err
    report = deployed("invoices", "reconcile", invoice, "--vendor", "ionq", "--json").json
    assert (report["unexplained"], report["corrected"]) == ({"USD": "12.50"}, 0)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--vendor", "aer"), 1, "no vendor 'aer'"),
        (("--vendor", "ionq", "--tolerance", "-1"), 1, "is negative"),
        ((), 2, "--vendor"),
    ],
)
def test_an_invoice_comes_from_a_vendor(deployed, invoice, arguments, status, said):
    told = deployed("invoices", "reconcile", invoice, *arguments)

    assert (told.status, said in told.err) == (status, True)


def test_a_file_that_is_no_invoice_is_refused(deployed, tmp_path):
    (tmp_path / "letter.txt").write_text("Dear customer,\n")
    told = deployed("invoices", "import", str(tmp_path / "letter.txt"), "--vendor", "ionq")

    assert (told.status, "0 lines below its header" in told.err) == (1, True)
