"""Amazon Braket: the dialect of `amazon-braket-sdk` with the S3 and STS it needs, its API, a reader and an encoder."""

from adapters.braket.dialect import BraketDialect
from adapters.braket.settings import BraketAccount, BraketCredential, BraketSettings
from adapters.braket.trial import TRIAL
from adapters.braket.vendor import BraketVendor
from gateway.ports.registry import Adapter

adapter = Adapter(
    name="braket",
    settings=BraketSettings,
    dialect=BraketDialect,
    reader="adapters.braket.reader:BraketReader",
    vendor=BraketVendor,
    account=BraketAccount,
    credential=BraketCredential,
    encoder="adapters.braket.encoder:BraketEncoder",
    editor="adapters.braket.editor:BraketEditor",
    trial=TRIAL,
)

__all__ = ["BraketDialect", "BraketSettings", "adapter"]
