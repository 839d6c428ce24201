"""Production work that says where it comes from, by tags, and the same without them."""

from braket_kit import bell, device, driver, raised

TAGS = {
    "qgw:code": "git:4be1c7f",
    "qgw:dataset": "doi:10.5281/zenodo.7",
    "qgw:dataset.2": "s3://lab/run-7",
    "qgw:label": "vqe",
    "qgw:compiler": "none",
}


def main():
    """Run both."""
    chosen = device()
    refused = raised(lambda: chosen.run(bell(), shots=100))
    task = chosen.run(bell(), shots=100, tags=TAGS)
    return {"refused": refused, "job": task.id.rpartition("/")[2], "counts": dict(task.result().measurement_counts)}


driver(main)
