"""`python -m tests.fakes.vendors.ibm`: the fake IBM Quantum on a port of this machine."""

import argparse

from tests.fakes.vendors.ibm.vendor import API_KEY, CRN, FakeIbm
from tests.fakes.vendors.journal import Journal
from tests.fakes.vendors.serving import Pace, main, parser


def _options() -> argparse.ArgumentParser:
    options = parser("A fake IBM Quantum: IAM, search, catalog and the runtime API, on Aer.")
    options.add_argument("--api-key", action="append", help=f"API key that IAM knows; repeatable (default: {API_KEY})")
    options.add_argument("--crn", action="append", help=f"instance; repeatable (default: {CRN})")
    options.add_argument("--token-seconds", type=int, default=3600, help="life of a token")
    options.add_argument("--calibration-seconds", type=int, default=3600, help="time between two calibrations")
    return options


def _make(given: argparse.Namespace, pace: Pace, journal: Journal) -> FakeIbm:
    return FakeIbm(
        api_keys=given.api_key or (API_KEY,),
        crns=given.crn or (CRN,),
        token_seconds=given.token_seconds,
        calibration_seconds=given.calibration_seconds,
        pace=pace,
        journal=journal,
    )


main(_options(), _make)
