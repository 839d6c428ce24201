"""Files that vendors call invoices: read whole, or refused by the line that is wrong."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.casework import bills
from gateway.casework.bills import InvoiceRefusedError

HEADER = "invoice,period_start,period_end,vendor_job_id,item,amount,currency,used_at,description"
ROW = "R-1,2026-10-01,2026-11-01,job-1,shots,12.50,USD,2026-10-05T10:00:00Z,one job"
FOCUS = "BilledCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ResourceId,SkuId,InvoiceId"
FOCUS_ROW = "1.25E1,USD,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,2026-10-05T10:00:00Z,job-1,shots,I-7"


def read(*lines, vendor="acme"):
    return bills.read("\n".join(lines).encode(), vendor=vendor)


def test_our_own_csv_is_read():
    bill = read(HEADER, ROW, "")

    (line,) = bill.lines
    assert (bill.number, bill.begins_at.month, bill.ends_at.month) == ("R-1", 10, 11)
    assert (line.number, line.vendor_job_id, line.item) == (2, "job-1", "shots")
    assert (line.amount_micros, line.currency, line.used_at.day) == (12_500_000, "USD", 5)


def test_a_focus_export_is_read_with_its_exponents():
    (line,) = read(FOCUS, FOCUS_ROW).lines

    assert (line.vendor_job_id, line.item, line.amount_micros) == ("job-1", "shots", 12_500_000)


def test_costs_of_an_export_are_rounded_to_the_micro_and_ours_never():
    """Clouds export ten decimals; whoever writes our own columns can write what the books keep."""
    fine = FOCUS_ROW.replace("1.25E1", "0.0000014999")

    assert read(FOCUS, fine).lines[0].amount_micros == 1
    with pytest.raises(InvoiceRefusedError, match=r"line 2 .*finer"):
        read(HEADER, ROW.replace("12.50", "0.0000014999"))


def test_spreadsheets_add_a_byte_order_mark_and_blank_lines():
    assert len(bills.read(("\ufeff" + f"{HEADER}\r\n{ROW}\r\n,,,,,,,,\r\n").encode(), vendor="acme").lines) == 1


def test_a_quoted_cell_may_hold_a_comma_and_a_line_break_keeps_numbers_right():
    bill = read(HEADER, ROW.replace("one job", '"a, b"'), ROW)

    assert [line.number for line in bill.lines] == [2, 3]
    assert bill.lines[0].description == "a, b"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "0 lines"),
        ([HEADER], "0 lines"),
        (["a,b", "1,2"], "lacks the column invoice"),
        ([HEADER.replace("item", "invoice"), ROW], "names a column twice"),
        ([HEADER, ROW + ",more"], "line 2 of the invoice has 10 cells"),
        ([HEADER, ROW, ROW.replace("R-1", "R-2")], "2 invoices"),
        ([HEADER, ROW, ROW.replace("12.50", "twelve")], "line 3 .*no amount"),
        ([HEADER, ROW.replace("USD", "usd")], "line 2 .*no currency"),
        ([HEADER, ROW.replace("2026-10-05T10:00:00Z", "yesterday")], "line 2 .*no date"),
        ([HEADER, ROW.replace("2026-11-01", "2026-09-01")], "ends before it begins"),
        ([HEADER, ROW.replace("job-1", "j" * 129)], "line 2 .*vendor_job_id has more than 128"),
        ([HEADER, ROW.replace("one job", '"half')], "no CSV"),
        ([FOCUS, FOCUS_ROW.replace("1.25E1", "many")], "BilledCost is no number"),
        ([FOCUS, FOCUS_ROW.replace("1.25E1", "Infinity")], "no number"),
        ([FOCUS, FOCUS_ROW.replace("1.25E1", "1e30")], "no number that the books can hold"),
    ],
)
def test_what_is_no_invoice_is_refused_by_its_line(lines, said):
    with pytest.raises(InvoiceRefusedError, match=said):
        read(*lines)


def test_what_is_no_text_is_refused():
    with pytest.raises(InvoiceRefusedError, match="UTF-8"):
        bills.read(b"\xff\xfe\x00", vendor="acme")


@given(st.binary(max_size=200))
def test_no_file_whatever_makes_the_reader_fail(content):
    with pytest.raises(InvoiceRefusedError):
        bills.read(content, vendor="acme")


@given(st.lists(st.text(alphabet='",\r\n1.-eEinf', max_size=8), min_size=9, max_size=9))
def test_no_line_whatever_makes_the_reader_fail(cells):
    with suppress(InvoiceRefusedError):
        assert bills.read(f"{HEADER}\n{','.join(cells)}".encode(), vendor="acme").lines
