"""The console's pages in a real browser: readable for everybody, on every screen, with the keyboard alone."""

import pytest

from tests.e2e import looking

pytestmark = pytest.mark.long

WINDOWS = {
    "desktop": {"width": 1280},
    "phone": {"width": 390},
    "dark": {"width": 1280, "dark": True},
    "dark-phone": {"width": 390, "dark": True},
}
PAGES = {
    "start": "/console",
    "timeline": "/console/timeline",
    "search": "/console/timeline?type=job.*&vendor=ionq&kind=hardware",
    "ledger": "/console/ledger",
    "costs": "/console/costs",
    "policies": "/console/policies",
    "labels": "/console/labels?job={hardware}",
    "exports": "/console/exports",
    "job": "/console/jobs/{hardware}",
    "fallback": "/console/jobs/{fallback}",
    "denied": "/console/entries/{denied}",
}


@pytest.mark.parametrize("window", WINDOWS)
def test_every_page_can_be_read_by_everybody(visit, console, shot, window):
    """Contrast, labels, headings, width; and nothing that the tab key reaches is out of sight."""
    page, problems = visit("/console", **WINDOWS[window]), {}
    for name, path in PAGES.items():
        page.goto(f"{console.gateway.url}{path.format(**console.jobs, **console.numbers)}")
        shot(page, f"{name}-{window}")
        problems[name] = [*looking.wcag(page), *looking.tabbed(page, most=60)]

    assert {name: found for name, found in problems.items() if found} == {}


@pytest.mark.parametrize("role", ["scientist", "outsider"])
def test_tenants_see_only_themselves(visit, console, role):
    foreign = console.jobs["foreign" if role == "scientist" else "hardware"]
    page = visit("/console/timeline", role=role)

    rows = [row.inner_text() for row in page.locator("tbody tr").all()]
    # An operator made their key, which is theirs to know.
    assert [row for row in rows if role not in row and "Key created" not in row] == []
    others = {"lead", "auditor", "security", "scientist", "outsider"} - {role}
    assert [row for row in rows if any(other in row for other in others)] == []
    assert sum("Job completed" in row for row in rows) == (2 if role == "scientist" else 1)
    assert page.goto(f"{console.url}/jobs/{foreign}").status == 404
    assert page.goto(f"{console.url}/entries/1").status == 404


@pytest.mark.parametrize("path", ["/policies", "/labels", "/exports/ledger", "/exports/checkpoints"])
def test_what_takes_a_permission_is_refused_without_it(visit, console, path):
    page = visit("/console", role="scientist")

    assert page.context.request.get(f"{console.url}{path}").status == 403
    assert page.get_by_role("link", name="Policies").count() == 0
    assert page.locator("#question-policy").count() == 0


def test_a_tenant_verifies_nothing_of_others(visit, console):
    page = visit("/console/ledger", role="scientist")

    assert page.get_by_role("button", name="Verify").count() == 0
    token = page.locator("input[name=csrf]").first.get_attribute("value")
    answer = page.context.request.post(
        f"{console.url}/ledger/verify", form={"csrf": token}, headers={"origin": console.gateway.url}
    )
    assert answer.status == 403


def test_an_auditor_changes_nothing(visit, console):
    """Every form of the console that is sent, besides signing out, only reads: the ledger is as long as before."""
    page = visit("/console/ledger")
    page.get_by_role("button", name="Verify all").click()
    page.get_by_role("heading", name="The ledger holds").wait_for()
    posts = page.evaluate(
        "[...document.querySelectorAll('form[method=post]')].map(each => new URL(each.action).pathname)"
    )

    assert posts == ["/console/sign-out"]


def test_a_proof_is_a_picture_that_can_be_read_aloud(visit, console):
    page = visit(f"/console/jobs/{console.jobs['hardware']}")
    picture = page.locator("svg.proof-picture")

    assert "Proof that entry" in picture.locator("title").text_content()
    assert "hashes lead from" in picture.locator("desc").text_content()
    assert "seen by lab" in picture.inner_html()
    page.get_by_text("The proof in words").click()
    assert page.get_by_role("region", name="Steps of the proof").is_visible()


def test_new_entries_appear_while_one_looks(visit, console):
    page = visit("/console/timeline?live=yes")

    visit("/console", role="security")

    row = page.locator("tr.fresh").filter(has_text="security").first
    row.wait_for(timeout=20_000)
    assert "Console signed in" in row.inner_text()
    assert "new entr" in page.locator("[data-count]").inner_text()
    # The connection ends with the page, and without a word.
    page.goto(f"{console.url}/exports")


def test_without_a_script_a_live_page_asks_again_by_itself(visit):
    page = visit("/console/timeline?live=yes", script=False)

    assert page.locator("meta[http-equiv=refresh]").count() == 1


def test_a_search_that_is_none_says_what_is_wrong(visit, console, wcag):
    page = visit("/console/timeline")
    page.get_by_label("From", exact=True).fill("yesterday")
    page.get_by_role("button", name="Search").click()

    assert "since is no time" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("From", exact=True).input_value() == "yesterday"
    wcag(page)


def test_pages_go_back_to_the_first_entry(visit, console):
    page = visit("/console/timeline")
    while page.get_by_role("link", name="Older").count():
        page.get_by_role("link", name="Older").click()

    assert "Ledger created" in page.locator("tbody tr").last.inner_text()
    assert page.get_by_role("link", name="Newer").count() == 1


def test_the_exported_ledger_is_the_ledger(visit, console, tmp_path):
    page = visit("/console/exports")
    names = {}
    for link in ("Ledger (JSON lines)", "Checkpoints", "Whose signatures count"):
        with page.expect_download() as download:
            page.get_by_role("link", name=link).click()
        names[link] = tmp_path / download.value.suggested_filename
        download.value.save_as(names[link])

    verified = console.gateway.run(
        *("audit", "verify", str(tmp_path / "ledger.jsonl")),
        *("--policy", str(tmp_path / "policy"), "--checkpoints", str(tmp_path / "checkpoints.jsonl")),
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.parametrize(("form", "beginning"), [("jsonl", "{"), ("csv", "seq"), ("cloudevents", "{"), ("ocsf", "{")])
def test_a_search_can_be_taken_away(visit, console, form, beginning):
    page = visit("/console/timeline?type=job.denied")
    link = page.get_by_role("navigation", name="Take these away").locator(f"a[href*='format={form}']")
    answer = page.context.request.get(f"{console.gateway.url}{link.get_attribute('href')}")

    assert answer.ok
    assert answer.text().startswith(beginning)
    assert "attachment" in answer.headers["content-disposition"]
    assert page.context.request.get(f"{console.url}/exports/entries?format=xml").status == 400


def test_a_jobs_evidence_is_one_click_away(visit, console):
    page = visit(f"/console/jobs/{console.jobs['simulated']}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Evidence pack").click()

    assert download.value.suggested_filename.endswith(".zip")
    assert download.value.path().read_bytes().startswith(b"PK")
