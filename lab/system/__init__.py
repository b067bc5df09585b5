"""The services of a lab device."""

from lab.system.core import System

__all__ = ["System"]
