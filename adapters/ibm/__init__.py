"""IBM Quantum: the wire language of qiskit-ibm-runtime."""
