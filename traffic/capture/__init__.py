"""The capture process: a bare mitmproxy master with one addon of ours, started as `python -m traffic.capture`.

The only place of the product that knows mitmproxy and asyncio. Nothing is imported here, so that it starts quickly.
"""
