"""IonQ: the dialect of `qiskit-ionq`, a reader of its payloads, and an encoder that writes them."""

from adapters.ionq.dialect import IonqDialect
from adapters.ionq.settings import IonqAccount, IonqCredential, IonqSettings
from adapters.ionq.trial import TRIAL
from adapters.ionq.vendor import IonqVendor
from gateway.ports.registry import Adapter

adapter = Adapter(
    name="ionq",
    settings=IonqSettings,
    dialect=IonqDialect,
    reader="adapters.ionq.reader:IonqReader",
    vendor=IonqVendor,
    account=IonqAccount,
    credential=IonqCredential,
    encoder="adapters.ionq.encoder:IonqEncoder",
    editor="adapters.ionq.editor:IonqEditor",
    trial=TRIAL,
)

__all__ = ["IonqDialect", "IonqSettings", "adapter"]
