"""The arithmetic of AWS Signature Version 4 that whoever signs and whoever verifies share."""

import hmac

from gateway.domain.secret import Secret


def sign(secret: Secret, string_to_sign: bytes, *, day: str, region: str, service: str) -> str:
    """Sign a string under the key of one day, region and service; gives 64 hexadecimal digits.

    `day` is `YYYYMMDD`, as in the credential scope.
    """
    key = b"AWS4" + secret.reveal()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, string_to_sign, "sha256").hex()
