"""LiteLLM's proxy, the best-known governance gateway for another kind of job, as a yardstick: ungoverned.

It runs from an environment of its own in the cache, as the external tools of the tests do, with a master key,
no database and no rules, in front of a fake OpenAI server that always answers the same.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.constant import answering, wait_until_it_answers
from tests.bench.deployment import JSON
from tests.bench.traffic import Request
from tests.running import free_port
from tests.tools import MissingToolError, Tool, install

TOOL = Tool(
    name="litellm",
    about="LiteLLM's proxy, to compare with",
    kind="environment",
    required=False,
    program="litellm",
    lock="tests/bench/litellm.lock",
)
DOCUMENTED_RATE = 70.0
"""Requests per second once measured on two cores, used where it cannot be had."""
_START_SECONDS = 120.0
_KEY = "sk-loopback"
_COMPLETION = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "fixed",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "00"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
REQUEST = Request(
    "POST",
    "/v1/chat/completions",
    {**JSON, "authorization": f"Bearer {_KEY}"},
    json.dumps({"model": "fixed", "messages": [{"role": "user", "content": "Bell"}]}).encode(),
)


@contextmanager
def proxying(directory: Path) -> Iterator[int]:
    """Run the proxy and what stands behind it; gives its port.

    Raises:
        MissingToolError: it cannot be had here.
        TimeoutError: it does not start.
    """
    program = install(TOOL)
    directory.mkdir()
    port = free_port()
    with answering(json.dumps(_COMPLETION).encode()) as upstream, (directory / "log").open("wb") as log:
        command = [
            str(program),
            "--config",
            str(_config(directory, upstream)),
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ]
        process = subprocess.Popen(command, stdout=log, stderr=log, env=_environment(directory), cwd=directory)
        try:
            wait_until_it_answers(f"http://127.0.0.1:{port}/health/liveliness", process, _START_SECONDS)
            yield port
        finally:
            process.terminate()
            _end(process)


def _config(directory: Path, upstream: int) -> Path:
    model = {"model": "openai/fixed", "api_base": f"http://127.0.0.1:{upstream}/v1", "api_key": "none"}
    settings = {
        "model_list": [{"model_name": "fixed", "litellm_params": model}],
        "general_settings": {"master_key": _KEY},
        "litellm_settings": {"telemetry": False},
    }
    path = directory / "config.yaml"
    path.write_text(json.dumps(settings))
    return path


def _environment(directory: Path) -> dict[str, str]:
    """Keep it from the network: its own price list is used, and nothing is reported anywhere."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "NO_PROXY": "*",
    }


def _end(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


__all__ = ["DOCUMENTED_RATE", "REQUEST", "MissingToolError", "proxying"]
