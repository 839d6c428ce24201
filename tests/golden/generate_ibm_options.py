"""Write the option trees of the installed qiskit-ibm-runtime to `ibm_options_<major>.<minor>.json`, beside this file.

Run it with the interpreter of an environment that holds the SDK, once for each version the gateway supports:

    path/to/sdk/bin/python tests/golden/generate_ibm_options.py

A tree is a sorted list of dotted paths; `.*` stands for a map of free content. The trees are those of the
classic primitives, of the client-side primitives that compile themselves into an executor program, and of
what an executor program itself carries.
"""

import json
import sys
from dataclasses import fields, is_dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ibm_quantum_schemas.executor import version_2_0
from pydantic import BaseModel
from qiskit_ibm_runtime.options import EstimatorOptions, SamplerOptions
from qiskit_ibm_runtime.options_models.estimator import EstimatorOptions as ClientEstimatorOptions
from qiskit_ibm_runtime.options_models.executor import ExecutorOptions
from qiskit_ibm_runtime.options_models.sampler import SamplerOptions as ClientSamplerOptions

TREES: dict[str, tuple[str, type]] = {
    "sampler": ("sampler", SamplerOptions),
    "estimator": ("estimator", EstimatorOptions),
    "client sampler": ("executor", ClientSamplerOptions),
    "client estimator": ("executor", ClientEstimatorOptions),
    "executor": ("executor", ExecutorOptions),
    "executor on the wire": ("executor", version_2_0.OptionsModel),
}
"""By a name for people: the program it is submitted as, and the class with the options."""


def paths(options: type, above: str = "") -> list[str]:
    """List the dotted paths of an options class."""
    found = []
    for name, value in _defaults(options).items():
        path = f"{above}{name}"
        if is_dataclass(value) or isinstance(value, BaseModel):
            found += paths(type(value), f"{path}.")
        elif isinstance(value, dict) or name == "experimental":
            found.append(f"{path}.*")
        elif not name.startswith("_"):
            found.append(path)
    return sorted(found)


def _defaults(options: type) -> dict[str, Any]:
    made = options()
    names = options.model_fields if issubclass(options, BaseModel) else [field.name for field in fields(options)]
    return {name: getattr(made, name) for name in names}


def main() -> None:
    """Write the file of the SDK this interpreter has."""
    sdk = version("qiskit-ibm-runtime")
    trees = {name: {"program": program, "paths": paths(options)} for name, (program, options) in TREES.items()}
    target = Path(__file__).with_name(f"ibm_options_{'.'.join(sdk.split('.')[:2])}.json")
    target.write_text(json.dumps({"qiskit-ibm-runtime": sdk, "trees": trees}, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"{target.name}: {sum(len(tree['paths']) for tree in trees.values())} options\n")


if __name__ == "__main__":
    main()
