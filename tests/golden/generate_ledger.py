"""Write the golden archive of a signed ledger: `python -m tests.golden.generate_ledger`. Made once for each format.

What it writes must verify with every later verifier, so it is made again only for a new format, beside the old one.
"""

import tempfile
from pathlib import Path

from gateway.audit.trust import policy
from gateway.audit.witnessed import note_line
from tests.notary import Observer, Scribe

HERE = Path(__file__).parent / "ledger"


def main() -> None:
    """Write export, checkpoints, a witness's checkpoint and the policy."""
    HERE.mkdir(exist_ok=True)
    scribe = Scribe.begin(19)
    first = [key.public for key in scribe.keys]
    with tempfile.TemporaryDirectory() as directory:
        observer = Observer(Path(directory) / "witness").watch(scribe)
        notes = [observer.cosign(scribe, size) for size in (1, 12, 20)]
        scribe.rotate("second")
        scribe.write(9)
        observer.watch(scribe)
        notes.append(observer.cosign(scribe))
        (HERE / "export.jsonl").write_bytes(b"".join(scribe.export()))
        (HERE / "checkpoints.jsonl").write_bytes(b"".join(note_line(str(note)) for note in notes))
        (HERE / "known").write_text(str(notes[-1]))
        (HERE / "policy").write_text(policy(first, {"w": observer.keys}, 1))


if __name__ == "__main__":
    main()
