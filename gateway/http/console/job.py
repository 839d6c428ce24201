"""One job's whole story: what was asked and decided, where it ran and on what, what it cost, and the proof of that."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from gateway.domain.backend import ExecutionKind
from gateway.domain.errors import NotFoundError
from gateway.domain.job import JobRecord, JobStatus
from gateway.http.console.entry import prove
from gateway.http.console.facts import duration, nouns, plural, shown
from gateway.http.console.page import Page
from gateway.http.console.questions import TIMELINE
from gateway.http.console.reading import POLICY, scope
from gateway.http.console.rows import Row
from gateway.http.console.viewer import Viewer
from gateway.wiring import House

PATH = "/console/jobs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether it was really a QPU."""

    tone: str
    word: str
    told: str


def answer(job: JobRecord) -> Answer:
    """Say in one sentence what computed a job's result: qubits or a program."""
    place, ended = f"{job.backend} at {job.upstream}", job.status.final
    if job.kind is ExecutionKind.SIMULATOR:
        instead = f", instead of {job.asked_backend}: {job.fallback_reason}" if job.fallback_reason else ""
        verb = "ran" if job.status is JobStatus.COMPLETED else "was to run" if ended else "runs"
        told = f"It {verb} on the simulator {place}{instead}."
        return Answer(tone="warn" if job.fallback_reason else "info", word="No QPU", told=told)
    if job.status is JobStatus.COMPLETED:
        return Answer(tone="good", word="QPU", told=f"It ran on quantum hardware: {place}.")
    if ended:
        return Answer(tone="plain", word="No result", told=f"It was sent to quantum hardware, {place}: {job.reason}")
    return Answer(tone="info", word="QPU, under way", told=f"It goes to quantum hardware, {place}; it has not ended.")


class JobController(Controller):
    """Jobs by our id or the SDK's."""

    path = "/jobs"

    @get("/{name:str}")
    async def show(
        self,
        name: FromPath[str],
        viewer: NamedDependency[Viewer],
        page: NamedDependency[Page],
        house: NamedDependency[House],
    ) -> Response[str]:
        """Tell a job's story."""
        within = scope(viewer, house)
        found = await house.search.story(name, within)
        entries = tuple([await house.search.entry(each.seq, within) for each in found])
        report = await house.inspection.record(found[0].job_id or name)
        story = await house.stories.tell(replace(report, entries=entries))
        return page.show(
            "job.html",
            story=story,
            job=report.job,
            who=found[0].principal or found[0].subject or "",
            project=found[0].project or report.job.project_id,
            answer=answer(report.job),
            rows=[Row.of(each) for each in found],
            facts=nouns(story.grounds.facts) if story.grounds and story.grounds.facts else (),
            shown=shown,
            duration=duration,
            plural=plural,
            sees_policy=viewer.may(POLICY),
            proof=await prove(house, story.begun),
        )


class FindController(Controller):
    """The box that finds whatever is typed into it."""

    path = "/find"

    @get("/")
    async def find(
        self,
        viewer: NamedDependency[Viewer],
        page: NamedDependency[Page],
        house: NamedDependency[House],
        q: FromQuery[str] = "",
    ) -> Response[Any]:
        """Go to the entry of a number, the job of an id, or a search for words."""
        typed = q.strip()
        if typed.isdecimal():
            return page.moved(f"/console/entries/{int(typed)}")
        try:
            found = await house.search.story(typed, scope(viewer, house)) if typed else ()
        except NotFoundError:
            found = ()
        if found:
            return page.moved(f"{PATH}/{found[0].job_id}")
        return page.moved(f"{TIMELINE}?{urlencode({'text': typed})}" if typed else TIMELINE)
