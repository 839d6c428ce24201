"""IBM Quantum: the dialect of `qiskit-ibm-runtime`, and a reader of its payloads."""

from adapters.ibm.dialect import IbmDialect
from adapters.ibm.settings import IbmSettings
from gateway.ports.registry import Adapter

adapter = Adapter(name="ibm", settings=IbmSettings, dialect=IbmDialect, reader="adapters.ibm.reader:IbmReader")

__all__ = ["IbmDialect", "IbmSettings", "adapter"]
