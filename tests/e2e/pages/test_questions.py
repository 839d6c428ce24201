"""The ten questions of an auditor, each answered in at most three clicks from the first page, in a real browser.

A click is a link, a button, or a field that is typed into.
"""

import pytest

from tests.e2e.pages.conftest import DEVICE

pytestmark = pytest.mark.long

CLICKS = 3
ALL = (*("submitted", "hardware", "fallback", "calibration", "denied", "policy", "cost", "data", "changes", "history"),)


class Auditor:
    """Somebody at the first page, whose clicks are counted."""

    def __init__(self, page):
        self.page, self.clicks = page, 0

    def question(self, name):
        return self.page.locator(f"#question-{name}")

    def click(self, place):
        self.clicks += 1
        place.click()
        self.page.wait_for_load_state()

    def answer(self, question, text):
        self.click(self.question(question).get_by_role("link", name=text, exact=True))

    def story(self):
        self.click(self.page.get_by_role("link", name="story").first)

    def entry(self):
        self.click(self.page.locator("tbody time").first)

    def rows(self):
        return [row.inner_text() for row in self.page.locator("tbody tr").all()]

    @property
    def text(self):
        return self.page.locator("main").inner_text()


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def auditor(visit, request):
    made = Auditor(visit("/console", script=request.param))
    yield made
    assert 1 <= made.clicks <= CLICKS


def test_every_question_is_on_the_first_page(visit):
    page = visit("/console")

    assert [each.get_attribute("id") for each in page.locator(".question").all()] == [
        f"question-{each}" for each in ALL
    ]


def test_who_submitted_to_a_vendor_last_week(auditor):
    auditor.answer("submitted", "ionq")

    assert len(auditor.rows()) == 1
    assert "scientist" in auditor.rows()[0]
    assert DEVICE in auditor.rows()[0]


def test_whether_a_job_really_ran_on_a_quantum_computer(auditor, console):
    field = auditor.question("hardware").get_by_label("Job id")
    auditor.click(field)
    field.fill(console.jobs["hardware"])
    auditor.click(auditor.question("hardware").get_by_role("button"))

    assert "QPU. It ran on quantum hardware" in auditor.text
    assert DEVICE in auditor.text


def test_what_ran_on_hardware(auditor):
    auditor.answer("hardware", "ran on hardware")

    assert [DEVICE in row for row in auditor.rows()] == [True]


def test_what_fell_back_to_a_simulator_and_why(auditor):
    auditor.answer("fallback", "last 7 days")
    assert len(auditor.rows()) == 1
    assert "ibm_fez → sim_line_5" in auditor.rows()[0]
    assert "a simulator takes its place" in auditor.rows()[0]

    auditor.story()
    assert "No QPU. It ran on the simulator sim_line_5 at aer, instead of ibm_fez" in auditor.text


def test_with_which_calibration_a_job_ran(auditor):
    auditor.answer("calibration", DEVICE)
    auditor.story()

    assert "Judged by" in auditor.text
    assert "Two-qubit error, median" in auditor.text


def test_what_was_denied_under_a_rule_and_what_the_rule_says(auditor):
    auditor.answer("denied", "circuits/shots")
    assert len(auditor.rows()) == 1
    auditor.entry()
    assert "as they were judged" in auditor.text
    auditor.click(auditor.page.locator("#decision").get_by_role("link", name="circuits/shots"))

    assert auditor.page.url.endswith("#circuits-shots")
    assert "has this digest" in auditor.text


def test_under_which_policy_it_was_decided(auditor):
    auditor.answer("policy", "revisions and texts")
    assert "in use" in auditor.text
    auditor.click(auditor.page.get_by_role("row", name="rules").get_by_role("link"))
    auditor.click(auditor.page.get_by_text("Text of budget/", exact=False).first)

    assert "package gateway.rules.budget" in auditor.text


def test_what_it_cost(auditor):
    auditor.answer("cost", "by project and vendor")

    row = next(row for row in auditor.rows() if DEVICE in row)
    assert "lab" in row
    assert "USD" in row


def test_where_sensitive_work_went(auditor):
    auditor.answer("data", "internal")

    assert sum(DEVICE in row for row in auditor.rows()) == 1


def test_who_stopped_what(auditor):
    auditor.answer("changes", "stops")

    assert ["an unexplained bill" in row for row in auditor.rows()] == [True, True]


def test_whether_anybody_changed_history(auditor):
    auditor.answer("history", "the ledger's health")
    assert "witnesses cosigned" in auditor.text
    auditor.click(auditor.page.get_by_role("button", name="Verify all"))

    auditor.page.get_by_role("heading", name="The ledger holds").wait_for()
    assert "lab" in auditor.text
