"""What the scripts of a bundle may ask of the device."""

from lab.bridge.bridge import Bridge

__all__ = ["Bridge"]
