"""Reading the tree: defaults, then a TOML file, then `GATEWAY_SECTION__FIELD` variables; the last one wins."""

import ssl
import stat
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import EnvSettingsSource, TomlConfigSettingsSource

from gateway.domain.errors import InsecureError
from gateway.processes.limits import PARENT_PID
from gateway.settings.listeners import Tls
from gateway.settings.tree import PREFIX, Settings

CONFIG_VARIABLE = f"{PREFIX}CONFIG"
"""Names the TOML file."""
_NO_SETTINGS = frozenset({CONFIG_VARIABLE, PARENT_PID})
"""Variables with the prefix that are not settings."""


class SettingsError(InsecureError):
    """The configuration is not understood; `problems` has one line per wrong setting."""

    code = "settings-invalid"

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class _Environment(EnvSettingsSource):
    """Variables handed in, never `os.environ` itself; what is no JSON stays text, for the field to refuse."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(Settings)
        self.env_vars = {name.lower(): text for name, text in _ours(environ)}

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value


def load(config: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the settings once.

    Raises:
        SettingsError: a file that cannot be read, an unknown name, a wrong value; one line for each.
        InsecureError: a configuration that would expose something; the message names the mend.
    """
    if unknown := tuple(_unknown_variables(environ)):
        raise SettingsError(unknown)
    chosen = config or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    try:
        settings = Settings(**_merged(_file(chosen), _Environment(environ)()))
    except ValidationError as error:
        raise SettingsError(tuple(_problem(detail) for detail in error.errors(include_url=False))) from None
    if settings.server.tls is not None:
        _refuse_open_private_key(settings.server.tls.private_key)
        _refuse_useless_certificate(settings.server.tls)
    return settings


def _ours(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((n, text) for n, text in environ.items() if n.upper().startswith(PREFIX) and n not in _NO_SETTINGS)


def _unknown_variables(environ: Mapping[str, str]) -> Iterator[str]:
    for name, _ in _ours(environ):
        section = name[len(PREFIX) :].lower().split("__")[0]
        if section not in Settings.model_fields:
            yield f"{name}: no such setting{_suggestion(section, Settings)}; unset it or correct the name"


def _file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return TomlConfigSettingsSource(Settings, _readable(path))()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError((f"the settings file {path} cannot be read: {error}; correct --config",)) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError((f"the settings file {path} is no TOML: {error}",)) from None


def _readable(path: Path) -> Path:
    # The TOML source passes over a missing file in silence; a file that was asked for must be there.
    with path.open("rb"):
        return path


def _merged(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(lower)
    for name, value in upper.items():
        below = both.get(name)
        both[name] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return both


def _problem(detail: ErrorDetails) -> str:
    path = tuple(str(part) for part in detail["loc"])
    dotted = ".".join(path) or "settings"
    if detail["type"] == "extra_forbidden":
        return f"{dotted}: no such setting{_suggestion(path[-1], _section(path[:-1]))}; remove it or correct the name"
    allowed = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if detail["type"] == "value_error" and isinstance(detail["input"], dict):
        return f"{dotted}: {allowed}"  # a rule over several settings, which says itself which ones
    variable = PREFIX + "__".join(path).upper()
    return f"{dotted}: {_found(detail)}allowed: {allowed}; set {dotted} in the file or {variable}"


def _found(detail: ErrorDetails) -> str:
    # A database address may hold a password, and a whole section may hold one deep inside.
    plain = isinstance(detail["input"], str | int | float) and "url" not in str(detail["loc"][-1:])
    return f"found {detail['input']!r}; " if plain else ""


def _section(path: tuple[str, ...]) -> type[BaseModel]:
    model: type[BaseModel] = Settings
    for name in path:
        kinds = [kind for kind in _kinds(model.model_fields[name].annotation) if issubclass(kind, BaseModel)]
        model = kinds[0]
    return model


def _kinds(annotation: Any) -> tuple[type, ...]:
    return tuple(kind for kind in getattr(annotation, "__args__", (annotation,)) if isinstance(kind, type))


def _suggestion(name: str, model: type[BaseModel]) -> str:
    close = get_close_matches(name, model.model_fields, n=1)
    return f", perhaps {close[0]}" if close else f", only {', '.join(sorted(model.model_fields))}"


def _refuse_open_private_key(key: Path) -> None:
    try:
        mode = stat.S_IMODE(key.stat().st_mode)
    except OSError:
        raise SettingsError((f"server.tls.private_key: {key} cannot be read; correct the path",)) from None
    if mode & 0o077:
        raise InsecureError(f"server.tls.private_key has mode {mode:04o}, others can read it; run: chmod 600 {key}")


def _refuse_useless_certificate(tls: Tls) -> None:
    """Found out before anything starts: the server itself would only crash, again and again."""
    try:
        # An empty password keeps an encrypted key from being asked for at a terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.certificate, tls.private_key, password="")
    except OSError:
        problem = (
            "server.tls.certificate and server.tls.private_key are no pair of PEM files that can be used; "
            "correct the paths, and give a key that is not encrypted"
        )
        raise SettingsError((problem,)) from None
