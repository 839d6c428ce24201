"""Write the reference pages that are made from code: settings, command line, errors, events, metrics and more.

Run by `make docs`. Nobody edits those pages by hand; `tests/architecture` keeps them current.
"""

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path

from adapters.aer.feasibility import feasibility_table
from adapters.aer.options import RULES, Rule
from adapters.aer.settings import AerSettings
from gateway.audit import entry, verify
from gateway.casework import index
from gateway.casework.fsck import finding
from gateway.cli import reference as cli
from gateway.domain.errors import GatewayError, UnavailableError
from gateway.http.problems import STATUS
from gateway.policy import reference as policies
from gateway.policy.bundle import default_root, load
from gateway.ports import registry
from gateway.settings import reference as settings
from gateway.telemetry import events
from gateway.telemetry.metrics import Metrics
from gateway.verifier import qgw_verify

ROOT = Path(__file__).parents[1]
MADE = "This page is made from code by `make docs`."


def pages() -> Mapping[Path, str]:
    """Give each generated page, by its path in the repository."""
    folder = Path("docs/reference")
    adapters = {name: adapter.settings for name, adapter in registry.installed().items()}
    return {
        folder / "settings.md": settings.page(adapters),
        folder / "cli.md": cli.page(),
        folder / "errors.md": errors_page(),
        folder / "events.md": events_page(),
        folder / "metrics.md": metrics_page(),
        folder / "findings.md": findings_page(),
        folder / "policies.md": policies.page(load(default_root())),
        folder / "simulator.md": simulator_page(),
    }


def errors() -> Mapping[str, list[type[GatewayError]]]:
    """Find every error class of the house and its adapters, by code."""
    found: dict[str, list[type[GatewayError]]] = {}
    for error in sorted(_error_classes(), key=lambda kind: (kind.code, kind.__module__, kind.__name__)):
        found.setdefault(error.code, []).append(error)
    return found


def _error_classes() -> Iterator[type[GatewayError]]:
    for path in sorted([*ROOT.glob("gateway/**/*.py"), *ROOT.glob("adapters/**/*.py")]):
        # Only modules that define a code are imported: others may be the main program of a child process.
        for name in _classes_with_code(path):
            kind = getattr(import_module(".".join(path.relative_to(ROOT).with_suffix("").parts)), name)
            if issubclass(kind, GatewayError):
                yield kind


def _classes_with_code(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ClassDef):
            names = {target.id for line in node.body if isinstance(line, ast.Assign) for target in _names(line)}
            if "code" in names:
                yield node.name


def _names(line: ast.Assign) -> list[ast.Name]:
    return [target for target in line.targets if isinstance(target, ast.Name)]


def errors_page() -> str:
    """Write the page of error codes."""
    introduction = f"""# Errors

Every refusal carries one of these stable codes, in the shape of the vendor's API whose SDK is talking. A message says
what was found, what is allowed and what to do; it never holds a payload, a token or a circuit. Where asking again may
work, nothing was forwarded, and `Retry-After` says when. Errors without a status end at the command line.

The gateway's own interfaces answer with `application/problem+json` (RFC 9457): `title` is the code, `type` is
`urn:qgw:error:<code>`, a name that never changes. Each code is an anchor of this page, `errors.md#<code>`.

{MADE}

| Code | Status | When | Ask again? |
|---|---|---|---|
"""
    return introduction + "".join(_error_row(code, kinds) for code, kinds in errors().items())


def _error_row(code: str, kinds: list[type[GatewayError]]) -> str:
    when = " ".join(dict.fromkeys(_first_line(kind.__doc__) for kind in kinds))
    status = STATUS.get(code, "")
    again = "yes" if all(issubclass(kind, UnavailableError) for kind in kinds) else "no"
    return f'| <a id="{code}"></a>`{code}` | {status} | {when} | {again} |\n'


def events_page() -> str:
    """Write the page of ledger entries and log events."""
    ledger = "".join(_entry_row(kind) for kind in entry.TYPES.values())
    log = "".join(f"| `{name}` | {_first_line(event.docs)} |\n" for name, event in events.ALL.items())
    return f"""# Events

Names are `noun.past_participle` and are never renamed. {MADE}

## Ledger entries

Evidence. Each is one leaf of the ledger; verifiers accept types they do not know.

| Type | Schema | When | Always says |
|---|---|---|---|
{ledger}
## Log events

For operators, on stderr; no evidence. Request id, principal, project and vendor are bound to each where known.

| Event | When |
|---|---|
{log}"""


def _entry_row(kind: entry.EntryType) -> str:
    fields = ", ".join(f"`{name}`" for name in sorted(kind.required))
    return f"| `{kind.name}` | {kind.schema} | {_first_line(kind.docs)} | {fields} |\n"


def findings_page() -> str:
    """Write the page of what verifications can find."""
    own = {code: meaning for code, meaning in qgw_verify.CODES.items() if code not in verify.CODES}
    return f"""# Findings

What checks can find, one line each. A sentence beside it says where. {MADE}

## Verification of the ledger

`gateway audit verify`, "verify now" in the console, and `qgw_verify.py`, in ledger order. One change in the middle
often shows twice: at the entry, and in the root. No ledger with a finding is what it was: nothing but a copy from
elsewhere mends it, and what to do first says the runbook of [fsck](../runbooks/fsck.md).

{_finding_table(verify.CODES)}
## Packs, receipts and files

Only `qgw_verify.py` finds these, besides those above.

{_finding_table(own)}
## The index

`gateway audit fsck`. The index is made from the ledger and proves nothing: a finding means that searches told less, or
something else, than the ledger says. `gateway audit reindex` makes it anew.

{_finding_table(index.CODES)}
## The database

`gateway audit fsck` compares everything else that is stored with the ledger; [its runbook](../runbooks/fsck.md) says
what to do about each.

{_finding_table(finding.CODES)}"""


def _finding_table(codes: Mapping[str, str]) -> str:
    rows = "".join(f"| `{code}` | {meaning} |\n" for code, meaning in codes.items())
    return f"| Code | Means |\n|---|---|\n{rows}"


def metrics_page() -> str:
    """Write the page of metrics, and of what can be known about connections that carried no request."""
    ours = [family for family in Metrics().registry.collect() if family.name.startswith("gateway_")]
    rows = "".join(
        f"| `{family.name}{'_total' * (family.type == 'counter')}` | {family.type} | {family.documentation} |\n"
        for family in ours
    )
    return f"""# Metrics

`/metrics` on the management listener, for Prometheus. Everything counts from the start of the serving process; times
are in seconds, and labels come from closed sets. The process itself is measured too, as `process_…`. {MADE}

| Metric | Kind | What it shows |
|---|---|---|
{rows}
## Below the application

Some connections die before the gateway sees a request. The HTTP server answers a malformed head with 400 and one that
is too large with 431, hangs up where a head takes longer than `server.header_timeout_ms`, and loses clients that hang
up first. It does not tell which it was, so these are counted together: connections taken and never served.

```promql
increase(gateway_connections_total[5m]) - increase(gateway_connections_served_total[5m])
```

What the numbers do not say:

- A handshake that failed (garbage, plain HTTP, an old protocol, a client without trust, silence) is in
  `gateway_connections_failed_total` alone: such a connection was never taken. Why it failed is not known either.
- The server reports once a second and first requests count at once. A connection that is open may still be served,
  for as long as `server.header_timeout_ms`. So look at minutes, not at seconds.
- A malformed head that follows a good request is not counted: its connection was served.
- A connection is known by its client's address and port. One that is opened from the same port within
  `server.header_timeout_ms` and a second after the last is not told from it, and looks as if it was never served.
- Behind a proxy, connections are the proxy's.

Requests that arrived and were refused are in `gateway_refusals_total` and `gateway_unauthenticated_total`, by code.
"""


def simulator_page() -> str:
    """Write the page of what the simulator runs and which options it applies."""
    limits = AerSettings()
    table = feasibility_table(cpu_seconds=limits.cpu_seconds, memory_bytes=limits.memory_bytes)
    circuits = "".join(
        f"| {row.circuit} | {row.noise} | {row.qubits} | `{row.method}` | {row.cpu_seconds:.1f} | "
        f"{row.memory_bytes / 1024**2:.0f} |\n"
        for row in table
    )
    megabytes = limits.memory_bytes // 1024**2
    options = "".join(_option_rows(program, rules) for program, rules in RULES.items())
    return f"""# Simulator

Emulated devices run on Qiskit Aer, in processes with limits. Whether a job fits is estimated before it is decided, as
`facts.simulator`, and what does not fit is refused at submission, in words. {MADE}

## What runs

The widest circuit of each kind that fits into the default limits: {limits.cpu_seconds:.0f} s of CPU, {megabytes} MiB.
Entangling gates lie between neighbours on a line, as after transpiling. Only qubits that a circuit uses count. Seconds
are estimates of a coarse model that errs on the long side.

| Circuit | Noise | Qubits | Method | CPU seconds | MiB |
|---|---|---|---|---|---|
{circuits}
## What becomes of options

Every option of `qiskit-ibm-runtime` 0.49 and 0.51 is applied, refused, or listed as not applied: in the metadata of the
result, in the ledger and in the facts. An option that nobody knows is listed too. Values that ask only for what happens
anyway are always fine.

| Program | Option | Other values are | Always fine | Why |
|---|---|---|---|---|
{options}"""


def _option_rows(program: str, rules: Sequence[Rule]) -> str:
    return "".join(_option_row(program, rule) for rule in rules)


def _option_row(program: str, rule: Rule) -> str:
    fine = ", ".join(["unset", *(f"`{json.dumps(value)}`" for value in rule.harmless)])
    return f"| {program} | `{rule.path}` | {rule.treatment} | {fine} | {rule.why} |\n"


def _first_line(text: str | None) -> str:
    return " ".join((text or "").split("\n\n")[0].split()).replace("|", r"\|")


def main() -> None:
    """Write every page and say which."""
    for path, text in pages().items():
        (ROOT / path).write_text(text, "utf-8")
        print(path)


if __name__ == "__main__":
    main()
