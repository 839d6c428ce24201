"""Production work that says where it comes from, by metadata, and the same without it."""

from ionq_kit import WAIT, backend, bell, compiled, driver, raised

TAGS = {
    "qgw:code": "git:4be1c7f",
    "qgw:dataset": "doi:10.5281/zenodo.7",
    "qgw:dataset.2": "s3://lab/run-7",
    "qgw:label": "vqe",
}


def main():
    """Run both."""
    device = backend("ionq_simulator.sim_line_5")
    circuit = compiled(device, bell())
    refused = raised(lambda: device.run(circuit, shots=200))
    job = device.run(circuit, shots=200, extra_metadata=TAGS)
    return {"refused": refused, "job": job.job_id(), "counts": job.result(**WAIT).get_counts()}


driver(main)
