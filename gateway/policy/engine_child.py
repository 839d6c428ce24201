"""The embedded Rego engine: `python -m gateway.policy.engine_child`. The only module that knows regorus.

It lives in a process of its own because nothing can interrupt an evaluation, it holds the interpreter's
lock while it runs, and it is somebody else's native code: empty environment, no secrets, killable. The
policies arrive as text in a frame, so what was hashed is what is loaded, said in the engine's own dialect.
"""

from importlib.metadata import version
from typing import Any

import regorus

from gateway.policy.engine_dialect import spoken
from gateway.processes import child

ADDRESS_SPACE_BYTES = 512 * 2**20
ENGINE = f"regorus {version('gordon-to-regorus')}"
"""Asked at import: a hardened process may not read the files of its own distribution any more."""
UNDEFINED = '"<undefined>"'
"""What regorus says where there is no value."""


class Engine:
    """One engine with one revision; another revision needs another engine."""

    def __init__(self) -> None:
        self._regorus: Any = regorus.Engine()

    def load(self, message: dict[str, Any]) -> dict[str, Any]:
        """Take Rego by path and one data document."""
        self._regorus.set_enable_coverage(message.get("coverage", False))
        for path, text in message["rego"].items():
            self._regorus.add_policy(path, spoken(text))
        self._regorus.add_data_json(message["data"].decode())
        return {"engine": ENGINE}

    def evaluate(self, message: dict[str, Any]) -> dict[str, Any]:
        """Evaluate one rule on one input; the answer without `json` means undefined."""
        self._regorus.set_input_json(message["input"].decode())
        text: str = self._regorus.eval_rule_as_json(message["rule"])
        return {} if text == UNDEFINED else {"json": text.encode()}

    def evaluate_all(self, message: dict[str, Any]) -> dict[str, Any]:
        """Evaluate one rule on many inputs; an error of one is its own answer."""
        return {"answers": [self.answer({**message, "do": "evaluate", "input": each}) for each in message["inputs"]]}

    def coverage(self, _message: dict[str, Any]) -> dict[str, Any]:
        """Say which lines ran since `load`."""
        return {"json": self._regorus.get_coverage_report_as_json().encode()}

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Do what a message asks; an error of the engine is an answer, a panic ends the process."""
        acts = {
            "load": self.load,
            "evaluate": self.evaluate,
            "evaluate_all": self.evaluate_all,
            "coverage": self.coverage,
        }
        try:
            return acts[message["do"]](message)
        except Exception as error:  # noqa: BLE001  # regorus raises bare RuntimeError; whatever it is, the parent denies
            return {"error": without_backtrace(str(error))}


def without_backtrace(text: str) -> str:
    """Cut the addresses that regorus appends to its errors."""
    return text.partition("Stack backtrace:")[0].strip()


def main() -> None:
    """Answer the parent until it goes."""
    child.bind_to_parent()
    missed = child.harden(ADDRESS_SPACE_BYTES, niceness=0)
    child.serve(Engine().answer, greeting={"missed": missed})


if __name__ == "__main__":
    main()
