"""Structured logs: one line per event, JSON for machines or coloured for people.

Nothing gets out by accident: only allowed keys are written, values are plain and short, secrets show stars,
text that looks like a credential is masked, and an exception leaves its type and its frames but not its
message, because a library's message may quote what it was given. Python's own logging, which libraries use,
goes the same way. Secrets are recognised once more here because libraries know nothing of our types.
"""

import contextlib
import logging
import math
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from gateway.domain.errors import GatewayError
from gateway.telemetry import events
from gateway.telemetry.keys import ALLOWED

REQUEST: Final[ContextVar[Mapping[str, str]]] = ContextVar("request", default=MappingProxyType({}))
"""What every line about the present request says; set once or twice a request, because polls are many."""
_OWN_KEYS: Final = frozenset({"event", "level", "timestamp"})
_LONGEST_TEXT: Final = 300
_LONGEST_LIST: Final = 20
_FRAMES: Final = 12
_NAME: Final = re.compile(r"[a-z_]+(\.[a-z_]+)+")
_CREDENTIAL: Final = re.compile(
    r"qgw_live_\w+"
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]*"
    r"|(?i:authorization)\s*[=:].*"
    r"|(?i:bearer|apikey|basic)\s+[\w+/=.-]{8,}"
    r"|(?i:api[_-]?key|token|password|secret)\s*[=:]\s*\S+"
)
"""Wider than our own key's form: what looks like anybody's credential is masked."""
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Line breaks, terminal escapes and marks that reorder text: nobody forges a line or hides a part of one."""
_QUIET: Final = ("asyncio", "aiosqlite", "sqlalchemy", "litestar", "granian", "aiohttp", "alembic")
"""Libraries whose chatter below a warning helps nobody."""


def configure(*, json: bool, level: str = "info", stream: TextIO | None = None) -> None:
    """Set up structlog and Python's logging for this process; called once, by the command line.

    Args:
        json: one JSON object per line; otherwise lines for a person at a terminal.
        level: `debug`, `info`, `warning` or `error`.
        stream: where lines go, standard error by default.
    """
    severity = logging.getLevelNamesMapping()[level.upper()]
    target = stream or sys.stderr
    renderer: Processor = structlog.processors.JSONRenderer(sort_keys=True) if json else _console(target)
    structlog.configure(
        processors=[add_request, *_common(), renderer],
        wrapper_class=structlog.make_filtering_bound_logger(severity),
        logger_factory=lambda *_: _Writer(target),
        cache_logger_on_first_use=False,
    )
    _route_libraries(target, renderer, severity)


class _Writer:
    """Writes lines, and loses them when nobody reads any more: a log collector that died stops no submission."""

    def __init__(self, target: TextIO) -> None:
        self._target = target

    def msg(self, line: str) -> None:
        """Write one line."""
        with contextlib.suppress(OSError, ValueError):
            self._target.write(f"{line}\n")
            self._target.flush()

    debug = info = warning = warn = error = exception = critical = fatal = log = msg


def _common() -> list[Processor]:
    """What every line passes, ours and the libraries'; the filter comes after everything that adds keys."""
    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        show_exception,
        keep_allowed,
    ]


def _console(target: TextIO) -> Processor:
    return structlog.dev.ConsoleRenderer(colors=target.isatty())


def _route_libraries(target: TextIO, renderer: Processor, severity: int) -> None:
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[name_library, *_common()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(severity)
    for library in _QUIET:
        logging.getLogger(library).setLevel(max(severity, logging.WARNING))
    logging.captureWarnings(capture=True)


def add_request(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Add what is known of the request that is being handled."""
    return {**REQUEST.get(), **line}


def name_library(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Turn a library's free text into the event `library.logged` with the text as its message."""
    record: logging.LogRecord | None = line.get("_record")
    line["message"] = line.pop("event", "")
    line["library"] = record.name if record is not None else "unknown"
    line["event"] = events.LIBRARY_LOGGED
    return line


def show_exception(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Replace an exception by its type and frames; only the gateway's own errors keep their words."""
    error = _exception(line.pop("exc_info", None))
    if error is not None:
        line["error"] = type(error).__name__
        line["stack"] = [f"{frame.name}:{frame.lineno}:{frame.filename}" for frame in _frames(error)]
    if isinstance(error, GatewayError):
        line["code"], line["message"] = error.code, error.message
    return line


def keep_allowed(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Drop keys that are not on the list, saying which, and make the other values plain and short."""
    kept: MutableMapping[str, Any] = {key: _plain(value) for key, value in line.items() if key in ALLOWED}
    if dropped := sorted(str(key) for key in line.keys() - ALLOWED.keys() - _OWN_KEYS if not str(key).startswith("_")):
        kept["dropped_keys"] = [name[:_LONGEST_TEXT] for name in dropped[:_LONGEST_LIST]]
    for key in _OWN_KEYS & line.keys():
        kept[key] = str(line[key])
    if not _NAME.fullmatch(kept.get("event", "")):
        kept["event"] = "event.misnamed"
    # The formatter for libraries reads these two again and removes them itself.
    return {**kept, **{key: line[key] for key in ("_record", "_from_structlog") if key in line}}


def _plain(value: object) -> object:
    match value:
        case float() if not math.isfinite(value):
            return str(value)
        case None | bool() | int() | float():
            return value
        case str():
            return _UNPRINTABLE.sub(" ", _CREDENTIAL.sub("***", value))[:_LONGEST_TEXT]
        case list() | tuple():
            return [_plain(item) for item in value[:_LONGEST_LIST]]
        case _:
            return f"<{type(value).__name__}>"


def _exception(exc_info: object) -> BaseException | None:
    match exc_info:
        case BaseException():
            return exc_info
        case (_, BaseException() as error, _):
            return error
        case True:
            return sys.exception()
        case _:
            return None


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    """Give the innermost frames, without source lines or values; file names without their directories."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return [traceback.FrameSummary(frame.filename.rpartition("/")[2], frame.lineno, frame.name) for frame in frames]
