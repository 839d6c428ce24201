"""What was measured of one path is published without another having to be measured again."""

from tests.bench import page, record
from tests.bench.outcome import Budget, Outcome, Series
from tests.bench.record import Measured


def measured(*values: float, at_most: float, day: str = "2026-11-01") -> Measured:
    series = Series(what="a thing", unit="ms", values=values)
    budget = Budget(promise="quick", found=series, at_most=at_most)
    outcome = Outcome(series=(series,), budgets=(budget,), note="Measured with care.")
    return Measured(
        day=day, machine={"processor": "a fast one", "load when it began": "0.10 0.10 0.10"}, outcome=outcome
    )


def test_a_path_replaces_itself_and_no_other(tmp_path):
    path = tmp_path / "published.json"

    record.keep({"First": measured(1, 2, 3, at_most=2), "Second": measured(9, at_most=2)}, path)
    record.keep({"Second": measured(1, at_most=2, day="2026-11-02")}, path)

    assert record.load(path) == {
        "First": measured(1, 2, 3, at_most=2),
        "Second": measured(1, at_most=2, day="2026-11-02"),
    }


def test_the_page_says_of_each_path_when_it_was_measured_and_whether_it_kept_its_promise():
    found = {"First": measured(1, 2.5, 3, at_most=2), "Second": measured(1, at_most=2, day="2026-11-02")}

    written = page.written(found, ["Second", "First", "Never measured"])

    assert "| First | quick | 2.50 ms | **NOT met** |" in written
    assert "| Second | quick | 1.00 ms | met |" in written
    assert written.index("## Second") < written.index("## First")
    assert "Measured on 2026-11-02; load when it began: 0.10 0.10 0.10." in written
    assert "Never measured" not in written
