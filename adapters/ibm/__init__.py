"""IBM Quantum: the dialect of `qiskit-ibm-runtime`, a reader and an encoder of its payloads, and IBM's API itself."""

from adapters.ibm.dialect import IbmDialect
from adapters.ibm.settings import IbmAccount, IbmCredential, IbmSettings
from adapters.ibm.trial import TRIAL
from adapters.ibm.vendor import IbmVendor
from gateway.ports.registry import Adapter

adapter = Adapter(
    name="ibm",
    settings=IbmSettings,
    dialect=IbmDialect,
    reader="adapters.ibm.reader:IbmReader",
    vendor=IbmVendor,
    account=IbmAccount,
    credential=IbmCredential,
    encoder="adapters.ibm.encoder:IbmEncoder",
    editor="adapters.ibm.editor:IbmEditor",
    trial=TRIAL,
)

__all__ = ["IbmDialect", "IbmSettings", "adapter"]
