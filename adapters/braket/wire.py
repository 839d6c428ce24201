"""The JSON that AWS's SDKs send to Amazon Braket, as strict models. Unknown fields are kept aside, not refused here.

API 2019-09-01 as sent by amazon-braket-sdk 1.127. `action` and `deviceParameters` are texts that hold JSON; what is
inside a program belongs to the reader.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from gateway.ports.bodies import WireModel

_PLAIN = r"^[\x21-\x7e]{1,64}$"
_BUCKET = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
_PREFIX = r"^[^\x00-\x1f\x7f/]+(?:/[^\x00-\x1f\x7f/]+)*$"
_TAG_KEY = r"^[^\x00-\x1f\x7f=]{1,128}$"
_TAG_VALUE = r"^[^\x00-\x1f\x7f]{0,256}$"
_PAGE = r"^[0-9]{1,9}$"
_LABEL = r"^[A-Za-z0-9._:-]{1,128}$"

_IN_WORDS = {
    _PLAIN: "1 to 64 printable ASCII characters",
    _BUCKET: "3 to 63 lower-case letters, digits, dots and dashes",
    _PREFIX: "names separated by single slashes, without a slash at either end",
    _TAG_KEY: "1 to 128 characters, none of them an equals sign or a control character",
    _TAG_VALUE: "at most 256 characters, none of them a control character",
    _PAGE: "what the page before answered",
    _LABEL: "a schema name such as braket.ir.openqasm.program",
}
"""What to tell people instead of a pattern."""

Text = Annotated[str, StringConstraints(max_length=256)]
Tags = dict[Annotated[str, StringConstraints(pattern=_TAG_KEY)], Annotated[str, StringConstraints(pattern=_TAG_VALUE)]]


class Wire(WireModel):
    """A JSON object."""

    in_words = _IN_WORDS


class CreateTaskBody(Wire):
    """POST /quantum-task."""

    client_token: Annotated[str, StringConstraints(pattern=_PLAIN), Field(alias="clientToken")]
    device: Annotated[Text, Field(alias="deviceArn")]
    device_parameters: Annotated[
        Annotated[str, StringConstraints(max_length=48_000)] | None, Field(alias="deviceParameters")
    ] = None
    shots: Annotated[int, Field(ge=-1, le=10**9)]
    """0 asks for exact values, -1 leaves it to a program set."""
    bucket: Annotated[str, StringConstraints(pattern=_BUCKET), Field(alias="outputS3Bucket")]
    prefix: Annotated[str, StringConstraints(pattern=_PREFIX, max_length=1024), Field(alias="outputS3KeyPrefix")]
    action: str
    tags: Annotated[Tags, Field(max_length=32, default_factory=dict)]
    job_token: Annotated[Any, Field(alias="jobToken")] = None
    associations: Any = None
    """Reservations; who runs the task judges them."""
    experimental_capabilities: Annotated[Any, Field(alias="experimentalCapabilities")] = None


class Header(Wire):
    """What a document says that it is."""

    name: Annotated[str, StringConstraints(pattern=_LABEL)]
    version: Annotated[str, StringConstraints(pattern=_LABEL)]


class Action(Wire):
    """The beginning of every action."""

    header: Annotated[Header, Field(alias="braketSchemaHeader")]


class OpenQasmAction(Action):
    """`braket.ir.openqasm.program`."""

    source: str
    inputs: dict[str, Any] | None = None


class CancelBody(Wire):
    """PUT /quantum-task/{arn}/cancel."""

    client_token: Annotated[str, StringConstraints(pattern=_PLAIN), Field(alias="clientToken")]


class DeviceFilter(Wire):
    """One filter of a device search."""

    name: Literal["deviceArn"]
    values: Annotated[list[Text], Field(min_length=1, max_length=256)]


class SearchDevicesBody(Wire):
    """POST /devices; all devices are one page."""

    filters: Annotated[list[DeviceFilter], Field(max_length=10, default_factory=list)]
    most: Annotated[int | None, Field(alias="maxResults")] = None
    page: Annotated[str | None, Field(alias="nextToken")] = None


class LimitFilter(Wire):
    """One filter of a search for spending limits."""

    name: Literal["deviceArn"]
    values: Annotated[list[Text], Field(min_length=1, max_length=10)]
    operator: Literal["EQUAL"]


class SearchLimitsBody(Wire):
    """POST /spending-limits."""

    filters: Annotated[list[LimitFilter], Field(max_length=10, default_factory=list)]
    most: Annotated[Annotated[int, Field(ge=1, le=100)] | None, Field(alias="maxResults")] = None
    page: Annotated[Annotated[str, StringConstraints(pattern=_PAGE)] | None, Field(alias="nextToken")] = None


class TaskFilter(Wire):
    """One filter of a task search."""

    name: Literal["deviceArn", "status", "createdAt"]
    values: Annotated[list[Text], Field(min_length=1, max_length=256)]
    operator: Literal["LT", "LTE", "EQUAL", "GT", "GTE", "BETWEEN"]


class SearchTasksBody(Wire):
    """POST /quantum-tasks."""

    filters: Annotated[list[TaskFilter], Field(max_length=10)]
    most: Annotated[Annotated[int, Field(ge=1, le=100)] | None, Field(alias="maxResults")] = None
    page: Annotated[Annotated[str, StringConstraints(pattern=_PAGE)] | None, Field(alias="nextToken")] = None


class TagsBody(Wire):
    """POST /tags/{arn}."""

    tags: Annotated[Tags, Field(min_length=1, max_length=32)]
