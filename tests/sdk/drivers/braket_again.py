"""Find the task that an argument names, and its results."""

import sys

from braket.aws import AwsQuantumTask
from braket_kit import driver


def main():
    return {"counts": dict(AwsQuantumTask(sys.argv[1]).result().measurement_counts)}


driver(main)
