"""`python -m tests.fakes.vendors.aws`: Braket, S3 and STS on one free port; the first line on stdout tells where."""

import argparse

from tests.fakes.vendors.aws.signature import Key
from tests.fakes.vendors.aws.vendor import ACCOUNT, KEY, FakeAws
from tests.fakes.vendors.journal import Journal
from tests.fakes.vendors.serving import Pace, main, parser


def _made(given: argparse.Namespace, pace: Pace, journal: Journal) -> FakeAws:
    return FakeAws(keys=given.api_key or (KEY,), account=given.account, pace=pace, journal=journal)


if __name__ == "__main__":
    options = parser("Amazon Braket with the S3 and STS it needs, played on Aer.")
    options.add_argument(
        "--api-key",
        action="append",
        type=Key.parse,
        metavar="ID:SECRET[:TOKEN]",
        help=f"access key that is let in, repeatable; {KEY.id}:{KEY.secret} unless given",
    )
    options.add_argument("--account", default=ACCOUNT, help="number of the account")
    main(options, _made)
