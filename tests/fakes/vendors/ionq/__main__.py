"""`python -m tests.fakes.vendors.ionq`: IonQ on a free port; the first line on stdout tells where."""

import argparse

from tests.fakes.vendors.ionq.vendor import DEFAULT_KEY, DEFAULT_PROJECT, FakeIonq
from tests.fakes.vendors.journal import Journal
from tests.fakes.vendors.serving import Pace, main, parser


def _made(given: argparse.Namespace, pace: Pace, journal: Journal) -> FakeIonq:
    parts = [text.partition("@") for text in given.api_key or [DEFAULT_KEY]]
    keys = {key: project or DEFAULT_PROJECT for key, _, project in parts}
    return FakeIonq(keys=keys, noisy_hardware=given.noisy_hardware, pace=pace, journal=journal)


if __name__ == "__main__":
    options = parser("IonQ, played: API v0.4 under /v0.4")
    options.add_argument(
        "--api-key",
        action="append",
        metavar="KEY[@PROJECT]",
        help=f"a key that is let in, repeatable; {DEFAULT_KEY} unless given. Keys of one project see the same jobs",
    )
    options.add_argument("--noisy-hardware", action="store_true", help="simulate quantum computers with their noise")
    main(options, _made)
