"""What a scientist runs: the stock IBM SDK, untouched. Nothing in this file knows that there is a gateway.

Where to go and which key to show stand in environment variables, as `gateway env ibm` prints them.
"""

from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import EstimatorV2, QiskitRuntimeService, SamplerV2
from qiskit_ibm_runtime.exceptions import IBMRuntimeError

SHOTS = 1000
MANY_SHOTS = 50_000


def bell() -> QuantumCircuit:
    """Entangle two qubits."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    return circuit


def main() -> None:
    """Sample, estimate, and ask for too much."""
    service = QiskitRuntimeService()
    backend = service.backend("sim_heavyhex_27")
    print(f"backend   {backend.name}, {backend.num_qubits} qubits; it says: {backend.status().status_msg}")
    compiler = generate_preset_pass_manager(optimization_level=1, backend=backend)

    measured = compiler.run(bell().measure_all(inplace=False))
    job = SamplerV2(mode=backend).run([measured], shots=SHOTS)
    result = job.result()
    counts = result[0].data.meas.get_counts()
    print(f"sampler   job {job.job_id()}: {dict(sorted(counts.items()))}")
    print(f"          metadata of the result: {result.metadata['qgw']}")
    print(f"          tags of the job: {service.job(job.job_id()).tags}")
    if sum(counts.values()) != SHOTS or counts.get("00", 0) + counts.get("11", 0) < 0.8 * SHOTS:
        raise SystemExit("these are not the counts of a Bell pair")

    pair = compiler.run(bell())
    job = EstimatorV2(mode=backend).run([(pair, SparsePauliOp("ZZ").apply_layout(pair.layout))])
    result = job.result()[0]
    print(f"estimator job {job.job_id()}: <ZZ> = {float(result.data.evs):.3f} ± {float(result.data.stds):.3f}")

    print(f"too much? {MANY_SHOTS:,} shots; the SDK says:")
    try:
        SamplerV2(mode=backend).run([measured], shots=MANY_SHOTS)
    except IBMRuntimeError as refused:
        print(f"          {refused}")
    else:
        raise SystemExit("a job over the limit was not refused")


if __name__ == "__main__":
    main()
