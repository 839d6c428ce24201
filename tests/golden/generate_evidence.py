"""Write the golden evidence archive: `python -m tests.golden.generate_evidence`. Made once for each format.

A gateway with a witness runs jobs and refuses one, changes its keys and runs another; everything that is handed out
about it is kept. What it writes must verify with every later verifier, so it is made again only for a new format,
beside the old one. The job's ids and moments are new each time.
"""

import json
import tempfile
from pathlib import Path

from tests.integration import bodies
from tests.integration.test_log_witness import LOG_ID, WitnessProcess
from tests.running import API, Gateway, eventually

HERE = Path(__file__).parent / "evidence"


def main() -> None:
    """Write ledger, checkpoints, packs and receipts below `archive`, policy and a witness's word beside it."""
    with tempfile.TemporaryDirectory() as directory:
        witness = WitnessProcess(Path(directory) / "witness", "witness.test/one")
        gateway = _watched(Path(directory), witness)
        try:
            _hand_out(gateway.start(), witness)
        finally:
            gateway.discard()
            witness.stop()


def _watched(directory: Path, witness: WitnessProcess) -> Gateway:
    settings = {
        "GATEWAY_LEDGER__CHECKPOINT_SECONDS": "1",
        "GATEWAY_LEDGER__WITNESSES_REQUIRED": "1",
        "GATEWAY_WITNESSES__ONE__URL": f"http://127.0.0.1:{witness.port}",
        "GATEWAY_WITNESSES__ONE__KEYS": json.dumps(witness.keys),
    }
    gateway = Gateway(directory / "state", settings=settings).init()
    (directory / "policy").write_text(gateway.cli("audit", "policy"))
    witness.run("watch", str(witness.directory), "--policy", str(directory / "policy"))
    witness.start()
    return gateway


def _hand_out(gateway: Gateway, witness: WitnessProcess) -> None:
    archive = HERE / "archive"
    archive.mkdir(parents=True, exist_ok=True)
    # Whose signatures count is known before the keys change: what follows must be believed by it.
    (HERE / "policy").write_text(gateway.cli("audit", "policy"))
    key = gateway.key()
    for number, name in enumerate(("first", "second")):
        job = gateway.submit(key, bodies.golden())
        gateway.ended(key, job)
        _keep(gateway, key, job, archive / name)
        if number == 0:
            # The first time it is announced; once the witness has seen that, it is done.
            eventually(lambda: gateway.run("audit", "rotate-key", "--yes").returncode == 0)
    refused = gateway.request("POST", f"{API}/jobs", key=key, body=bodies.golden(tags=["qgw:nonsense=1"]))
    _keep(gateway, key, refused.headers["qgw-decision-id"], archive / "refused")
    notes = archive / "checkpoints.jsonl"
    size = gateway.json("audit", "show", "--limit", "1")[0]["seq"] + 1
    eventually(lambda: witness.size() >= size)
    gateway.cli("audit", "export", "--output", str(archive / "ledger.jsonl"), "--checkpoints", str(notes))
    (HERE / "known").write_text(witness.get(f"checkpoint/{LOG_ID}"))


def _keep(gateway: Gateway, key: str, name: str, path: Path) -> None:
    """Keep receipt and pack of a job or a refusal, once the witness has seen all of it."""

    def asked() -> bytes:
        reply = gateway.request("GET", f"/api/v1/receipts/{name}", token=key)
        return reply.body if reply.status == 200 and not reply.json()["pending"] else b""

    path.with_suffix(".receipt.json").write_bytes(eventually(asked, pause=0.3))
    gateway.cli("evidence", name, "--output", str(path.with_suffix(".evidence.zip")))


if __name__ == "__main__":
    main()
