"""SHA-256 of each self-test of this release, and of each table that one rests on; see `policy.baseline`.

Written by `python -m tests.policy.known`, never by hand: whoever can change policies on a machine cannot thereby
change this.
"""

from collections.abc import Mapping
from typing import Final

SELFTESTS: Final[Mapping[str, str]] = {
    "allow": "1cb78025f05400aae3fd0c111021c68632f4aec408ee636c4272db88935047c5",
    "deny-absent": "7dabbbd615835ca9c89f0c9729369439e4aa9468adc6a67a5d3530c46b4f6ece",
    "deny-approved-by-its-submitter": "ee4333f4f5ba27d73254fa097cf4342a4f62176456f2858a864d4b66d9918b85",
    "deny-budgets-unknown": "2ad8e0092f97bd0278e45ad982a4b145017956342b38999bf55826beb03f229c",
    "deny-budgets": "c849a65011b1ffbdce16cf01a41189cd5e47fdadca97369d86ceee45a6028da0",
    "deny-caller": "e8f60473bc63e85df12c007220dfe602f1a77de280d2fb3f872817e8aa2a5756",
    "deny-circuits": "e20aa570acb9816262ab9a9cf9770fc3a1d48e309fdb87e5e4cbad48cea5f3c5",
    "deny-hardware": "263b331119118db6f8118612a029f957f7b6ec300ca2fd10fceebed80f843e4b",
    "deny-leaks": "cde8ef537e51c7cfd9d69335fa7c8654c40e0f2b097a0637cd5373ab0b517f6e",
    "deny-obligations": "a88ca8203cdf1f94149933acfb55c15d972f3147ec1dea5f1f4af75ce21ef0ab",
    "deny-old-key": "894eec368890b9c9afcee5debaf3e9c88856757f54e5663d7a3b69d5c65cb4ff",
    "deny-origin": "9177b0b9aeace77f66daaf1ec76e973899a73f13c1ea46f77456229edb617a41",
    "deny-other-facts": "dbb97dbc2ed2478350c1abdc7c5fb183aef7b69f1d3a7ab1910c90f9ad1a4bac",
    "deny-remembered": "8d6e8043a6c7dfec4250c3335c48151d59138c4caa4b646e865c240f08a3b146",
    "deny-residency": "64efb1e0ec9a937c28a8443e491e7b649b4bcf0a80eea326984cd946237f2476",
    "deny-simulator": "b11bdbbef0076c9f718aef3f5f5cbf0576dff4cfad75fd15bce3270ce334d065",
    "deny-stale": "988f8af561a922858796272c5693d223238fb46701fec5e0deaa2b2e61b0c223",
    "deny-step": "8f65fb34a028d4b34beaa5a7ff5a970025c0a4706299beff25f77e316a5ede51",
    "deny-unknown-fields": "4040deb9c8d49444abac14ccebcd7f5d2e5999ab4aece2c92f23ee49058aeffb",
    "deny-unreadable": "d4af7749a7ba81636165710918759febd2c12684e5382297bca91f6a607fd451",
    "deny-unwitnessed": "e360b75c88dc5a366e160c8287fe97e5717a349a8d7824475e452f64c4d3b0f5",
}
TABLES: Final[Mapping[str, str]] = {
    "calibration": "b418576a13f42278f3a7cbbe116a91972d50578b9c9fec77303085ba36eae0e8",
    "dlp": "2e9a0d88e51e89126cdbebbecf773ca9c6cd1e2c5ac902007dfe8230f9d43ca7",
    "enforcement": "40cfa79da1c0e3d694d0cecfff315077d471409775008ae23da191a8799bd75d",
    "keys": "494ab3ca6eb4f49ada3362eca31957f3ab41a466cce3f809d32a5706bc846c0d",
    "placement": "e428168b3b74e0e44141238843a4c330da0bb653c34fbe6dd0c85dffc0d7d39c",
    "provenance": "47d9ed69e975384a511d0a5e7882781c740e1d8e55704198bccaa602aae87575",
    "residency": "a94c1e03bb86e33fb0453d7cb9c7b38549d799de085b71dc05ca00dc8cbd8c76",
    "wire": "6f441634f1cb981404fe6685afa5cf1191c0ed2f0fc9f2070e376298b6f61659",
    "witnesses": "d384b3d15957754ffcfd42cc95536b2e2d617fa7b9472d76652c206422682512",
}
