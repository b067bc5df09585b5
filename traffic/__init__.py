"""What leaves the device: captured, searched for personal data, and told to whom it went.

Nothing is imported here: the capture process must not load the detector, nor the detector mitmproxy.
"""
