"""Qiskit Aer as an upstream: a simulator without a dialect."""
