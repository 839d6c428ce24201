"""Qiskit Aer as an upstream: a simulator without a dialect."""

from adapters.aer.rerun import AerRerunner
from adapters.aer.settings import AerSettings
from adapters.aer.upstream import AerUpstream
from gateway.ports.registry import Adapter

adapter = Adapter(name="aer", settings=AerSettings, upstream=AerUpstream, rerunner=AerRerunner)
