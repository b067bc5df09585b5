"""The host that only the capture answers: whoever reaches it over TLS trusts the capture's certificate."""

__all__ = ["PROBE_HOST"]

PROBE_HOST = "probe.appwitness.invalid"
"""`.invalid` is reserved: no name server will ever answer for it."""
