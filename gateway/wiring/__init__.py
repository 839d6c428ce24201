"""The composition root: turns `Settings` into a `House`. The one room that knows every other."""

from gateway.wiring.house import House, Serving
from gateway.wiring.opening import NotInitialisedError, initialise, open_house

__all__ = ["House", "NotInitialisedError", "Serving", "initialise", "open_house"]
