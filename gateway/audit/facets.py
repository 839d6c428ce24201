"""What an entry is found by: who, where, how decided, at what cost and why, read off its event alone.

What the gateway did about a job later (forwarded, completed …) does not say again whose job it is or how it was decided
to be placed; it is found by what the job's decision said, which came earlier in the same ledger. So the whole index
follows from the ledger, and can be thrown away.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from gateway.audit.leaf import Event, read
from gateway.domain.search import Filter, IndexedEntry, Ruling, Scope, asked_words, fact, magnitude, magnitudes, words

Terms: TypeAlias = tuple[tuple[str, ...], ...]
"""All of these, each being any of those."""

DECISIONS: Final[Mapping[str, Ruling]] = {
    "job.permitted": Ruling.PERMITTED,
    "job.denied": Ruling.DENIED,
    "reservation.refused": Ruling.REFUSED,
}
CHOICES: Final = ("type", "vendor", "backend", "rule", "code", "classification", "kind")
"""Facts whose values a reader is offered to choose from."""
_REASON_LETTERS: Final = 400
_INHERITED: Final = (
    *("subject", "key", "client_job_id", "vendor", "backend", "backend_asked", "classification", "kind", "fallback"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """Digests of what a filter names."""

    principal: str | None = None
    key: str | None = None
    project_id: str | None = None


def facets(seq: int, event: Event, job: IndexedEntry | None = None) -> IndexedEntry:
    """Read what an entry is found by; `job` is the entry that decided the job it speaks of."""
    body = event.body
    told: dict[str, Any] = {
        "subject": _text(body, "by") or _text(body, "principal"),
        "key": _text(body, "key"),
        "job_id": _text(body, "job_id"),
        "client_job_id": _text(body, "client_job_id"),
        "code": _text(body, "code"),
        "classification": _text(body, "classification"),
        **_place(body),
        **_cost(body),
    }
    if job is not None:
        told |= {name: getattr(job, name) for name in _INHERITED if told[name] is None}
    found = IndexedEntry(
        seq=seq,
        at=event.at,
        type=event.type,
        event_id=event.id,
        project_id=event.project,
        ruling=DECISIONS.get(event.type),
        rules=tuple(_rules(body)),
        reason=_reason(body),
        **told,
    )
    return replace(found, terms=tuple(sorted(set(_terms(found, body)))))


def denying(leaf: bytes) -> tuple[str, ...]:
    """Give the rules that denied, which the index has among others; none where the content was pruned."""
    found = read(leaf)
    return () if found is None else tuple(_texts(found.event.body.get("deny")))


def values(entry: IndexedEntry) -> Iterable[tuple[str, str]]:
    """Give the facts of an entry whose values a reader may choose from."""
    yield "type", entry.type
    yield from (("backend", each) for each in (entry.backend, entry.backend_asked) if each)
    yield from (("rule", each) for each in entry.rules)
    for field in ("vendor", "code", "classification", "kind"):
        if value := getattr(entry, field):
            yield field, value


def terms(wanted: Filter, subjects: Subjects, scope: Scope) -> Terms:
    """Say which terms the entries of a filter have, as far as a reader may see them."""
    found = [_any("type", wanted.types)] if wanted.types else []
    found += [(fact(field, value),) for field, value in _asked(wanted, subjects)]
    found += [(word,) for word in asked_words(wanted.text or "")]
    if wanted.cost_from is not None or wanted.cost_to is not None:
        found.append(tuple(fact("cost", each) for each in magnitudes(wanted.cost_from, wanted.cost_to)))
    if scope.project_ids is not None:
        found.append(tuple(fact("project", each) for each in sorted(scope.project_ids)))
    if scope.subject is not None:
        found.append((fact("principal", scope.subject),))
    return tuple(found)


def _asked(wanted: Filter, subjects: Subjects) -> Iterable[tuple[str, str]]:
    given = {
        "principal": subjects.principal,
        "key": subjects.key,
        "project": subjects.project_id,
        "job": wanted.job,
        "vendor": wanted.vendor,
        "backend": wanted.backend,
        "ruling": wanted.ruling,
        "rule": wanted.rule,
        "code": wanted.code,
        "classification": wanted.classification,
        "kind": wanted.kind,
        "fallback": None if wanted.fallback is None else str(wanted.fallback),
        "currency": wanted.currency,
    }
    return ((field, value) for field, value in given.items() if value is not None)


def _any(field: str, chosen: Iterable[str]) -> tuple[str, ...]:
    return tuple(fact("noun", each[:-2]) if each.endswith(".*") else fact(field, each) for each in chosen)


def _terms(entry: IndexedEntry, body: Mapping[str, Any]) -> Iterable[str]:
    yield from (fact(*each) for each in values(entry))
    yield fact("noun", entry.type.partition(".")[0])
    people = {entry.subject, _text(body, "principal"), _text(body, "by")}
    yield from (fact("principal", each) for each in people if each)
    yield from (fact("code", each) for each in _mapping(body, "codes"))
    single = {
        "key": entry.key,
        "project": entry.project_id,
        "ruling": entry.ruling,
        "currency": entry.currency,
        "fallback": None if entry.fallback is None else str(entry.fallback),
    }
    yield from (fact(field, value) for field, value in single.items() if value)
    yield from (fact("job", each) for each in (entry.job_id, entry.client_job_id) if each)
    if entry.cost_micros is not None:
        yield fact("cost", magnitude(entry.cost_micros))
    yield from words(" ".join((entry.reason, _text(body, "why") or "", *entry.rules, entry.code or "")))


def _place(body: Mapping[str, Any]) -> dict[str, Any]:
    placed = _mapping(body, "placement")
    fallback = placed.get("fallback", body.get("fallback"))
    refused = "deny" in body
    return {
        "vendor": _text(placed, "upstream")
        or _text(body, "upstream")
        or _text(body, "vendor")
        or (_text(body, "dialect") if refused else None),
        "backend": _text(placed, "backend") or _text(body, "backend"),
        "backend_asked": _text(body, "backend_asked"),
        "kind": _text(placed, "kind") or _text(body, "execution_kind"),
        "fallback": fallback if isinstance(fallback, bool) else None,
    }


def _cost(body: Mapping[str, Any]) -> dict[str, Any]:
    """Read what it cost; where it was only decided, what it was going to cost, probably or at most."""
    settled, quote = _mapping(body, "cost"), _mapping(body, "quote")
    for amount, currency in (
        (settled.get("settled_micros"), settled.get("currency")),
        (quote.get("estimate_micros"), quote.get("currency")),
        (quote.get("amount_micros"), quote.get("currency")),
    ):
        if isinstance(amount, int) and isinstance(currency, str) and currency:
            return {"cost_micros": amount, "currency": currency}
    return {"cost_micros": None, "currency": None}


def _rules(body: Mapping[str, Any]) -> Iterable[str]:
    warned, tried = _mapping(body, "decision").get("warn"), body.get("tried")
    places = [each for each in tried if isinstance(each, Mapping)] if isinstance(tried, list) else []
    kept_away = [rule for each in places for rule in _texts(each.get("rules"))]
    return dict.fromkeys([*_texts(body.get("deny")), *_texts(warned), *kept_away])


def _reason(body: Mapping[str, Any]) -> str:
    told = _text(body, "reason") or _text(_mapping(body, "placement"), "reason") or _text(body, "why") or ""
    return " ".join(told.split())[:_REASON_LETTERS]


def _text(body: Mapping[str, Any], field: str) -> str | None:
    value = body.get(field)
    return value if isinstance(value, str) and value else None


def _texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _mapping(body: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    value = body.get(field)
    return value if isinstance(value, Mapping) else {}
