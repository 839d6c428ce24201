"""A labelled corpus of texts as they stand in quantum jobs, the same for the same seed.

Secrets are made by the forms that their issuers publish, not by the patterns that look for them, and put into the
sentences, names and notes that people write. Texts that hold none are ordinary, or made to look as if they did.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits, hexdigits
from typing import Final, TypeAlias

Made: TypeAlias = Callable[[Random], str]

ALNUM: Final = ascii_letters + digits
HEX: Final = hexdigits[:16]
URLSAFE: Final = ALNUM + "-_"


@dataclass(frozen=True)
class Text:
    """One text, and which rule should find something in it; `None` is none."""

    text: str
    rule: str | None
    form: str


def of(alphabet: str, length: int, before: str = "", after: str = "") -> Made:
    """Make so many letters of an alphabet."""
    return lambda random: before + "".join(random.choices(alphabet, k=length)) + after


def joined(*parts: Made, by: str = "") -> Made:
    """Put several together."""
    return lambda random: by.join(part(random) for part in parts)


def web_token(random: Random) -> str:
    """Make a JSON Web Token whose parts are what they should be."""
    parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": str(random.getrandbits(32)), "exp": random.getrandbits(31)})
    head = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*head, base64.urlsafe_b64encode(random.randbytes(32)).rstrip(b"=").decode()])


def private_key(kind: str) -> Made:
    """Make a key in PEM, of random bytes."""
    return lambda random: (
        f"-----BEGIN {kind}-----\n{base64.encodebytes(random.randbytes(300)).decode()}-----END {kind}-----"
    )


def password(random: Random) -> str:
    """Make a password as people choose them."""
    words = ("Winter", "Qubit", "Monday", "Schrödinger", "hunter", "Lab", "Bloch")
    return random.choice(words) + random.choice("!_#.") + str(random.randrange(1000, 99999))


SECRETS: Final[Mapping[str, Mapping[str, Made]]] = {
    "cloud-key": {
        "AWS access key": of(ascii_uppercase + "234567", 16, "AKIA"),
        "AWS temporary key": of(ascii_uppercase + "234567", 16, "ASIA"),
        "AWS secret key, assigned": of(ALNUM + "/+", 40, "aws_secret_access_key = '", "'"),
        "Azure storage key": of(ALNUM + "+/", 86, "AccountKey=", "=="),
        "IBM Cloud key, assigned": of(URLSAFE, 44, "ibm_cloud_api_key = '", "'"),
    },
    "gateway-key": {"key of this gateway": joined(of(digits + ascii_lowercase, 12, "qgw_live_", "_"), of(ALNUM, 49))},
    "password": {
        "password in an address": lambda random: f"postgresql://lab:{password(random)}@db.example.org/runs",
        "password, assigned": lambda random: f"password={password(random)}",
        "password, quoted": lambda random: f'"password": "{password(random)}"',
        "password of letters alone": lambda random: f"password={random.choice(['correcthorse', 'letmein', 'qwertz'])}",
        "passphrase": lambda random: f"passphrase: {password(random)}",
        "API key, assigned": of(HEX, 32, "api_key="),
        "client secret": of(URLSAFE, 40, "client_secret: "),
        "bearer token": of(URLSAFE, 40, "Authorization: Bearer "),
    },
    "private-key": {
        "RSA": private_key("RSA PRIVATE KEY"),
        "elliptic curve": private_key("EC PRIVATE KEY"),
        "OpenSSH": private_key("OPENSSH PRIVATE KEY"),
        "PKCS 8": private_key("PRIVATE KEY"),
        "PKCS 8, encrypted": private_key("ENCRYPTED PRIVATE KEY"),
    },
    "service-token": {
        "GitHub, classic": of(ALNUM, 36, "ghp_"),
        "GitHub, fine-grained": joined(of(ALNUM, 22, "github_pat_", "_"), of(ALNUM, 59)),
        "GitLab": of(URLSAFE, 20, "glpat-"),
        "JSON Web Token": web_token,
        "npm": of(ALNUM, 36, "//registry.npmjs.org/:_authToken=npm_"),
        "OpenAI": joined(of(ALNUM, 20, "sk-"), of(ALNUM, 20, "T3BlbkFJ")),
        "OpenAI, of a project": of(URLSAFE, 156, "sk-proj-"),
        "PyPI": of(URLSAFE, 70, "pypi-AgEIcHlwaS5vcmc"),
        "SendGrid": joined(of(URLSAFE, 22, "SG.", "."), of(URLSAFE, 43)),
        "Slack": joined(of(digits, 12, "xoxb-", "-"), of(digits, 12, "", "-"), of(ALNUM, 24)),
        "Stripe": of(ALNUM, 24, "sk_" + "live_"),
        "Telegram": of(URLSAFE, 35, "123456789:"),
    },
    "email-address": {
        "plain": lambda random: (
            f"{random.choice(['ada', 'g.hopper', 'lise+lab'])}@{random.choice(['example.org', 'uni-wien.ac.at'])}"
        )
    },
    "marked-restricted": {
        "mark": lambda random: random.choice(
            ["STRICTLY CONFIDENTIAL", "top secret", "export_controlled", "ITAR controlled"]
        )
    },
    "marked-confidential": {
        "mark": lambda random: random.choice(["Company Confidential", "commercial-in-confidence", "trade_secret"])
    },
}
"""By the rule that should find them."""

AROUND: Final = (
    "{}",
    "see {}",
    "{} # remove before the run",
    "run 7 of the sweep, {}, second device",
    "calibrated on Tuesday\n{}\nby the night shift",
)

PLAIN: Final[Mapping[str, Made]] = {
    "circuit name": lambda random: f"circuit-{random.randrange(10**5)}",
    "sentence": lambda random: random.choice(
        [
            "VQE for LiH at 1.6 angstrom, ansatz depth 4",
            "Grover search, two iterations, oracle marks 0b1011",
            "repeat with dynamical decoupling XY4 and twirling",
            "readout mitigation off, compare with run of last week",
        ]
    ),
    "register": lambda random: random.choice(["meas", "c0", "ancilla", "syndrome_x", "data_qubits", "creg_out"]),
    "UUID": lambda random: "-".join("".join(random.choices(HEX, k=k)) for k in (8, 4, 4, 4, 12)),
    "git revision": of(HEX, 40, "git:"),
    "SHA-256": of(HEX, 64, "sha256:"),
    "DOI": lambda random: f"doi:10.{random.randrange(1000, 9999)}/zenodo.{random.randrange(10**7)}",
    "address": lambda random: f"https://data.example.org/runs/{random.randrange(10**6)}?page={random.randrange(9)}",
    "S3 address": lambda random: f"s3://lab-{random.randrange(99)}/run-{random.randrange(999)}.parquet",
    "IBM job id": of(digits + ascii_lowercase, 20, "d"),
    "CRN": lambda random: (
        f"crn:v1:bluemix:public:quantum-computing:us-east:a/{of(HEX, 32)(random)}:{of(HEX, 8)(random)}::"
    ),
    "ARN": lambda random: (
        f"arn:aws:braket:eu-north-1:{random.randrange(10**12):012d}:quantum-task/{of(HEX, 8)(random)}"
    ),
    "outcome": lambda random: "".join(random.choices("01", k=random.randrange(5, 127))),
    "packed array": lambda random: base64.b64encode(random.randbytes(random.randrange(20, 180))).decode(),
    "OpenQASM": lambda random: f"rz({random.random():.6f}) q[{random.randrange(127)}]; // frame {random.randrange(99)}",
    "time": lambda random: f"2026-11-{random.randrange(1, 29):02d}T0{random.randrange(9)}:15:00Z",
    "version": lambda random: f"qiskit {random.randrange(3)}.{random.randrange(9)}.{random.randrange(9)}",
}
LOOKALIKE: Final[Mapping[str, Made]] = {
    "word": lambda random: random.choice(
        [
            "quantum key distribution, BB84, key=0110",
            "secret sharing with three parties",
            "token ring layout of couplers",
            "password-less login study",
            "the top secretary of the chapter",
            "private key: not stored here",
            "api key rotation is described in the handbook",
            "authorization: bearer tokens are never stored",
            "pwd: /data",
        ]
    ),
    "no password": lambda random: random.choice(["password: required", "api_key: rotated", "access_token=expired"]),
    "at sign": lambda random: random.choice(
        ["op @ circuit", "a@b", "q@0,1", "unitary @ unitary.adjoint()", "user@host"]
    ),
    "prefix": lambda random: random.choice(
        ["sk-learn", "AKIAN", "ghp_short", "xoxb", "SG.1", "npm_run", "glpat", "pypi-"]
    ),
    "long name": of(ascii_lowercase + "_", 60),
    "base 32": of(ascii_uppercase + "234567", 26),
    "colon": lambda random: f"{random.randrange(10**6)}:{random.randrange(10**6)}",
}
"""What holds nothing, and looks as if it did."""


def corpus(seed: int = 0, *, each: int = 200) -> Iterator[Text]:
    """Give so many texts of every form."""
    random = Random(seed)
    for rule, forms in SECRETS.items():
        for form, made in forms.items():
            for _ in range(each):
                yield Text(random.choice(AROUND).format(made(random)), rule, form)
    for forms in (PLAIN, LOOKALIKE):
        for form, made in forms.items():
            for _ in range(each):
                yield Text(random.choice(AROUND).format(made(random)), None, form)
