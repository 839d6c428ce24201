"""Braket's results of a task that was changed: with the program as its client wrote it, and a label."""

import json
from collections.abc import Mapping
from typing import Final

import msgspec

from adapters.braket import labels
from gateway.domain.job import JobRecord

RESULT: Final = "result"
_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def documents(job: JobRecord, submitted: bytes, kept: Mapping[str, bytes]) -> dict[str, bytes]:
    """Put the client's own program back, and say that another one was run.

    Raises:
        ValueError: the document is not of Braket's format.
    """
    told = _FIELDS.decode(kept[RESULT])
    about = _FIELDS.decode(told.get("additionalMetadata", b"{}"))
    about["action"] = msgspec.Raw(json.loads(submitted)["action"].encode())
    about["qgw"] = msgspec.Raw(msgspec.json.encode(labels.of_result(labels.of_job(job))))
    told["additionalMetadata"] = msgspec.Raw(msgspec.json.encode(about))
    return {**kept, RESULT: msgspec.json.encode(told)}
