"""The device's display."""

from lab.screen.screen import Screen
from lab.screen.stage import Proxies, WindowBridge
from lab.screen.windows import AppWindow, Focus

__all__ = ["AppWindow", "Focus", "Proxies", "Screen", "WindowBridge"]
