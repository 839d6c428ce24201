"""`python -m tests.contracts VENDOR [live | --url URL]`: replay golden exchanges, and tell what is not as it was.

Against our fake by default; `live` asks the vendor itself, with the credential that its SDK would find in the
environment. Only questions are asked; `--submit` also runs a small job, which may cost something. Exits 0 when
everything is as it was, 1 when something deviates, and 2 when nothing could be asked.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from tests.contracts.callers import VENDORS, NoCredentialError, asker
from tests.contracts.exchanges import load, replay
from tests.contracts.fake import faked


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.contracts", description=__doc__)
    parser.add_argument("vendor", choices=sorted(VENDORS))
    parser.add_argument("where", choices=["fake", "live"], nargs="?", default="fake")
    parser.add_argument("--url", help="another address that speaks as the fake does, with your own credential")
    parser.add_argument("--submit", action="store_true", help="also what may cost something")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Replay, and print one line per exchange and per deviation."""
    arguments = _arguments(given)
    with ExitStack() as stack:
        if arguments.where == "live" or arguments.url:
            try:
                caller = asker(arguments.vendor, url=arguments.url)
            except NoCredentialError as error:
                print(error, file=sys.stderr)
                return 2
        else:
            caller, _ = stack.enter_context(faked(arguments.vendor))
        deviating = 0
        for exchange, told in replay(load(arguments.vendor), caller, submit=arguments.submit):
            verdict = "left out" if told is None else "as it was" if not told else "DEVIATES"
            print(f"{exchange.name:<28} {verdict:<9} {exchange.about}")
            for line in told or ():
                print(f"    {line}")
            deviating += bool(told)
    return 1 if deviating else 0


if __name__ == "__main__":
    sys.exit(main())
