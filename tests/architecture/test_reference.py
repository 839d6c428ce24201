"""The reference is made from code, so it cannot lie; these tests keep it from being out of date."""

import importlib.util
import re

import pytest

from gateway.cli import reference as cli
from gateway.http.problems import OPERATORS_ONLY, STATUS
from gateway.settings import Settings
from gateway.settings import reference as settings
from gateway.telemetry.metrics import Metrics


@pytest.fixture(scope="module")
def generate(root):
    specification = importlib.util.spec_from_file_location("generate", root / "docs" / "generate.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_generated_pages_are_current(root, generate):
    stale = [str(path) for path, text in generate.pages().items() if (root / path).read_text("utf-8") != text]

    assert stale == [], "run make docs"


def test_every_error_has_a_status_and_says_when_it_happens(generate):
    """What only an operator can meet, at start or at the command line, needs no HTTP status."""
    for code, kinds in generate.errors().items():
        assert (code in STATUS) != (code in OPERATORS_ONLY), f"{code} needs a status, or to be an operator's"
        assert all(kind.__doc__ for kind in kinds)


def test_where_a_refusal_sends_people_there_is_a_line(root, generate):
    """IBM's refusals name the page, with the code as its fragment (`more_info`)."""
    page = (root / "docs/reference/errors.md").read_text("utf-8")

    assert [code for code in generate.errors() if f'<a id="{code}"></a>' not in page] == []


def test_every_setting_has_words(root, generate):
    page = (root / "docs/reference/settings.md").read_text("utf-8")

    for name in settings.names(Settings):
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` "))
        assert len(row.rsplit("|", 2)[1].strip()) > 10, f"{name} says too little"


def test_every_command_is_documented(root):
    page = (root / "docs/reference/cli.md").read_text("utf-8")

    assert [context.command_path for _, context in cli.walk() if f"## `{context.command_path}" not in page] == []


def test_every_finding_of_a_verification_is_documented(root):
    source = (root / "gateway/audit/verify.py").read_text("utf-8")
    page = (root / "docs/reference/findings.md").read_text("utf-8")

    codes = set(re.findall(r'_find\([^")]*"([a-z-]+)"', source))
    assert len(codes) >= 10
    assert {code for code in codes if f"| `{code}` |" not in page} == set()


def test_every_metric_of_a_runbook_is_measured(root):
    """An alarm on a metric that is not there is never heard."""
    there = {sample for family in Metrics().registry.collect() for sample in (family.name, f"{family.name}_total")}
    named = re.compile(r"\bgateway_[a-z_]+[a-z]\b")
    pages = [*root.glob("docs/runbooks/*.md"), root / "docs/how-to/run-a-witness.md"]

    assert {name for page in pages for name in named.findall(page.read_text("utf-8"))} - there == set()


def test_no_page_links_to_nowhere(root):
    for page in [*root.glob("docs/**/*.md"), *root.glob("*.md")]:
        links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))
        assert [link for link in links if not (page.parent / link).exists()] == [], page.name
