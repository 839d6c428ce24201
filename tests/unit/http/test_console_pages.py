"""Pages escape what they show, fail where they know nothing, and are written for whoever looks."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from jinja2 import UndefinedError

from gateway.domain.console import ConsoleSession
from gateway.domain.errors import NotFoundError
from gateway.domain.principal import Principal, PrincipalKind, Project
from gateway.domain.search import Indexed
from gateway.http.console.assets import Assets
from gateway.http.console.page import Link, Page, Pages, count, moment, money, sentence, short
from gateway.http.console.start import Tile
from gateway.http.console.viewer import PagePermissionError, Viewer

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def viewer(*permissions, name="audrey", projects=()):
    return Viewer(
        principal=Principal(id="0190-audrey", name=name, kind=PrincipalKind.PERSON, created_at=NOW),
        roles=("auditor",),
        permissions=frozenset(permissions),
        projects=tuple(projects),
        session=ConsoleSession(
            digest="00",
            id="0190-session",
            principal_id="0190-audrey",
            key_id="abcdefabcdef",
            issuer=None,
            groups=(),
            created_at=NOW,
            seen_at=NOW,
            until=NOW,
        ),
        caller=None,
    )


def project(name):
    return Project(
        id=f"id-{name}",
        name=name,
        team="",
        classification_floor=None,
        workload_class=None,
        simulator_consent=False,
        backends=None,
        created_at=NOW,
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "told.html").write_text('<p title="{{ told }}">{{ told }}</p>')
    return tmp_path


@pytest.fixture
def page(folder):
    pages = Pages(assets=Assets("/console/static"), navigation=(), origin="lab", version="1", templates=folder)
    return Page(pages=pages, path="/console", request_id="r")


@pytest.fixture
def whole():
    links = (Link("/console", "First", exact=True), Link("/console/secret", "Secret", needs="policy.read"))
    pages = Pages(assets=Assets("/console/static"), navigation=links, origin="lab.example/<b>", version="1.2.3")
    return Page(pages=pages, path="/console", request_id="r")


def test_what_is_shown_is_never_markup(page):
    answer = page.show("told.html", told='"><script>alert(1)</script>')

    assert answer.content == (
        '<p title="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;">&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;</p>'
    )


def test_a_page_that_lacks_something_fails_and_shows_no_half(page):
    with pytest.raises(UndefinedError):
        page.show("told.html")


def test_every_page_has_the_frame_and_says_who_looks(whole):
    shown = whole.for_viewer(viewer("audit.export", name="<audrey>"), "token")

    text = shown.show("sessions.html", sessions=[shown.viewer.session], idle=30).content

    assert "&lt;audrey&gt;" in text
    assert "lab.example/&lt;b&gt;" in text
    assert 'value="token"' in text
    assert 'aria-current="page">First<' in text
    assert "Secret" not in text


def test_a_count_that_stopped_somewhere_says_so(whole):
    """More than ten thousand entries a day are not all counted."""
    tiles = [Tile("denied", 7312, "/console/timeline", at_least) for at_least in (True, False)]
    health = SimpleNamespace(head=SimpleNamespace(size=20_000), tone=SimpleNamespace(value="good"))

    text = (
        whole.for_viewer(viewer("audit.export"), "token")
        .show("start.html", tiles=tiles, questions=(), rows=(), indexed=Indexed(size=1, of=1), health=health)
        .content
    )

    shown = count(7312)
    assert (text.count(f">at least {shown}<"), text.count(f">{shown}<")) == (1, 1)


def test_who_is_not_signed_in_has_no_way_around(whole):
    text = whole.show("signed_out.html", by_provider=False, there=None).content

    assert "<nav" not in text
    assert "csrf" not in text


def test_a_browser_is_sent_on_within_the_console_only(page):
    assert page.moved("/console/sessions").headers["location"] == "/console/sessions"
    assert page.moved("//evil.example.org").headers["location"] == "/console"


def test_a_file_is_named_by_its_content(tmp_path):
    (tmp_path / "a.css").write_text("one")
    one = Assets("/static", tmp_path).url("a.css")
    (tmp_path / "a.css").write_text("two")
    two = Assets("/static", tmp_path)

    assert one != two.url("a.css")
    assert two.served(two.url("a.css").rpartition("/")[2]).body == b"two"
    with pytest.raises(NotFoundError):
        two.served(one.rpartition("/")[2])


@pytest.mark.parametrize("name", ["", "a.css", "../page.py", "console.css%00"])
def test_nothing_is_served_but_files_by_their_served_names(name):
    with pytest.raises(NotFoundError):
        Assets("/static").served(name)


def test_a_template_cannot_name_a_file_that_is_not_there():
    with pytest.raises(KeyError):
        Assets("/static").url("missing.css")


@pytest.mark.parametrize(
    ("permissions", "ids"),
    [
        pytest.param(("audit.export",), None, id="all of them"),
        pytest.param(("audit.read", "job.read"), frozenset({"id-lab"}), id="one's own"),
    ],
)
def test_a_viewer_sees_what_a_role_lets_see(permissions, ids):
    looking = viewer(*permissions, projects=[project("lab")])

    assert looking.project_ids == ids
    assert looking.visible("id-lab")
    assert looking.visible("id-other") is looking.visible(None) is (ids is None)


def test_whoever_has_no_project_sees_none():
    assert viewer("job.read").project_ids == frozenset()
    assert not viewer("job.read").visible(None)


def test_a_page_may_ask_for_a_permission():
    viewer("policy.read").require("policy.read")

    with pytest.raises(PagePermissionError, match=r"policy\.read"):
        viewer("job.read").require("policy.read")


@pytest.mark.parametrize(
    ("path", "exact", "current"),
    [
        ("/console/a", False, True),
        ("/console/a/b", False, True),
        ("/console/ab", False, False),
        ("/console/a/b", True, False),
    ],
)
def test_a_place_is_where_one_is(path, exact, current):
    assert Link("/console/a", "A", exact=exact).current(path) is current


def test_values_are_written_for_people():
    assert moment(NOW) == moment("2026-11-22T12:00:00Z") == "2026-11-22 12:00:00 UTC"
    assert (moment(None), money(None, "EUR")) == ("—", "—")
    assert (money(1_250_000, "EUR"), money(1, "USD")) == ("1.25 EUR", "0.000001 USD")
    assert count(1_234_567) == "1\u202f234\u202f567"
    assert (short("ab" * 32), short("abc")) == ("abababababab…", "abc")
    assert sentence("no such page; begin again") == "No such page; begin again."
