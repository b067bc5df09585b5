"""The device's network, and the servers at its other end."""

from lab.net.network import Network
from lab.net.sink import Sink, served_pages

__all__ = ["Network", "Sink", "served_pages"]
