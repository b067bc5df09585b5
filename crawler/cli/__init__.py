"""The `appwitness` command."""

from crawler.cli.main import main

__all__ = ["main"]
