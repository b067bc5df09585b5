"""What each way of capturing cannot see. A rule that rests on absence has to ask here first."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["BLIND_SPOTS", "blind_spots"]

BLIND_SPOTS: Mapping[str, str] = MappingProxyType(
    {
        "apps_ignoring_the_proxy_setting": (
            "Code that does not honour the system's proxy setting (Flutter, native libraries) is not captured."
        ),
        "udp_and_quic": "UDP, and with it QUIC and HTTP/3, does not pass through this kind of proxy.",
        "dns_queries": "Names are resolved by the proxy; queries that the device makes itself are not captured.",
        "connections_outside_the_tunnel": "Traffic of apps that are excluded from the tunnel is not captured.",
        "encrypted_beyond_tls": "Content that the app encrypts itself is recorded but cannot be read.",
        "untrusted_certificates": "Content of connections that refuse the capture's certificate cannot be read.",
    }
)
"""Code (as recorded in CaptureStarted) and its meaning."""

_ALWAYS = ("untrusted_certificates", "encrypted_beyond_tls")
_PROXY = ("apps_ignoring_the_proxy_setting", "udp_and_quic", "dns_queries", *_ALWAYS)
_BY_MODE = {
    "regular": _PROXY,
    "upstream": _PROXY,
    "socks5": ("udp_and_quic", "dns_queries", *_ALWAYS),
    "wireguard": ("connections_outside_the_tunnel", *_ALWAYS),
}


def blind_spots(mode: str) -> tuple[str, ...]:
    """Codes of what a mode ("regular", "upstream", "socks5", "wireguard") does not see."""
    return _BY_MODE[mode]
