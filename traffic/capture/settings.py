"""What a capture process is told when it starts."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

__all__ = ["CaptureSettings", "UpstreamProxy"]

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamProxy:
    """The proxy that requests are handed on to."""

    address: str
    """scheme://host:port, fit to be recorded: it never holds the credentials."""
    credentials: str | None
    """user:password, for the proxy's eyes only."""

    @classmethod
    def parse(cls, url: str) -> "UpstreamProxy":
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or _port(parts) is None:
            raise ValueError(f"an upstream proxy is named as http://host:port, not {_without_credentials(url)!r}")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        credentials = f"{parts.username}:{parts.password or ''}" if parts.username else None
        return cls(address=f"{parts.scheme}://{host}:{_port(parts)}", credentials=credentials)


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        return None


def _without_credentials(url: str) -> str:
    return url.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureSettings:
    """One capture: where its record goes, how it listens, how much of a body it keeps."""

    directory: Path
    """The session's folder; traffic.jsonl is written here."""
    blobs: Path
    confdir: Path
    """Holds the certificate authority that the device was made to trust."""
    mode: str = "regular"
    """regular, socks5, wireguard or wireguard:FILE; `upstream` makes of "regular" an upstream mode."""
    listen_host: str = "127.0.0.1"
    listen_port: int = 0
    """0: any free port."""
    upstream: UpstreamProxy | None = None
    upstream_ca: Path | None = None
    """Certificates (PEM) trusted for servers in addition to the usual ones."""
    request_keep: int = 2 * MIB
    response_keep: int = MIB // 4
    stream_above: int = MIB
    """A request body up to this size is handed on when it is whole."""

    @property
    def mode_name(self) -> str:
        """What the record calls the mode."""
        return "upstream" if self.upstream else self.mode.partition(":")[0]

    @property
    def mode_spec(self) -> str:
        """The mode as mitmproxy wants to be told."""
        mode = f"upstream:{self.upstream.address}" if self.upstream else self.mode
        return f"{mode}@{self.listen_host}:{self.listen_port}"

    @classmethod
    def from_arguments(cls, arguments: Sequence[str]) -> "CaptureSettings":
        """Parse a command line; ends the process with a usage message when it is wrong."""
        parser = _parser()
        options = parser.parse_args(arguments)
        try:
            upstream = UpstreamProxy.parse(options.upstream) if options.upstream else None
        except ValueError as error:
            parser.error(str(error))
        if upstream and options.mode != "regular":
            parser.error("--upstream goes with --mode regular only")
        return cls(
            directory=options.directory,
            blobs=options.blobs,
            confdir=options.confdir,
            mode=options.mode,
            listen_host=options.listen_host,
            listen_port=options.listen_port,
            upstream=upstream,
            upstream_ca=options.upstream_ca,
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m traffic.capture", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="the session's folder")
    parser.add_argument("--blobs", type=Path, required=True, help="the case's folder of blobs")
    parser.add_argument("--confdir", type=Path, required=True, help="folder of the certificate authority")
    parser.add_argument("--mode", type=_mode, default="regular", help="regular, socks5, wireguard or wireguard:FILE")
    parser.add_argument("--listen-host", default="127.0.0.1")
    parser.add_argument("--listen-port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--upstream", help="http://[user:password@]host:port of a proxy to hand requests on to")
    parser.add_argument("--upstream-ca", type=Path, help="PEM file of certificates to trust for servers as well")
    return parser


def _mode(text: str) -> str:
    name, _, argument = text.partition(":")
    if name not in ("regular", "socks5", "wireguard") or (argument and name != "wireguard"):
        raise argparse.ArgumentTypeError(f"unknown mode {text!r}")
    return text
