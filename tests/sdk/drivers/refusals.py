"""How refusals read to a user of the SDK.

Arguments: `--tag TAG` submits a job that is to be denied with that tag, `--shots N` with that many shots;
`--failing TAG` a job that is to fail while it runs.
"""

import argparse

from kit import bell, compiled, device, driver, raised, service
from qiskit_ibm_runtime import SamplerV2


def main():
    wanted = _arguments()
    connected = service()
    backend = device(connected)
    circuit = compiled(backend, bell())

    def sampled(tags, shots=100):
        sampler = SamplerV2(backend)
        sampler.options.environment.job_tags = tags
        return sampler.run([circuit], shots=shots)

    report = {
        "denied": raised(lambda: sampled(wanted.tag, wanted.shots)),
        "unknown_job": raised(lambda: connected.job("d00000000000000000zz")),
        "unknown_program": raised(lambda: _run(connected, backend, "noise-learner", {"circuits": []})),
        "no_pubs": raised(lambda: _run(connected, backend, "sampler", {"pubs": [], "version": 2})),
        "wrong_type": raised(lambda: _run(connected, backend, "sampler", {"pubs": "many", "version": 2})),
        "missing_version": raised(lambda: _run(connected, backend, "sampler", {"pubs": [[]]})),
        "no_tag": raised(lambda: sampled(["half\x00"])),
    }
    if wanted.failing:
        failing = sampled([wanted.failing])
        report["failed"] = {
            "result": raised(failing.result),
            "status": failing.status(),
            "error": failing.error_message(),
        }
    return report


def _run(connected, backend, program, inputs):
    return connected._run(program_id=program, inputs=inputs, options={"backend": backend})


def _arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tag", action="append", default=[])
    parser.add_argument("--shots", type=int, default=100)
    parser.add_argument("--failing")
    return parser.parse_args()


driver(main)
