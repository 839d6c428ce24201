"""What this room says no with; what a vendor says stands in `ports.vendor`."""

from gateway.domain.errors import UnavailableError


class VendorAccountError(UnavailableError):
    """No account at the vendor can be used: there is none, it is gone, or the vendor does not take its credential."""

    code = "vendor-account"
