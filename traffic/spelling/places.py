"""Where a point lies in the datums used in China, and its geohash."""

from __future__ import annotations

import math

__all__ = ["bd09", "gcj02", "geohash"]

_AXIS = 6378245.0
_ECCENTRICITY = 0.00669342162296594323
_GEOHASH = "0123456789bcdefghjkmnpqrstuvwxyz"


def _waves(x: float, y: float, *, east: bool) -> float:
    """The periodic part of the shift that GCJ-02 adds."""
    first = 20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)
    along = x if east else y
    second = 20 * math.sin(along * math.pi) + 40 * math.sin(along / 3 * math.pi)
    if east:
        third = 150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)
    else:
        third = 160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)
    return (first + second + third) * 2 / 3


def gcj02(latitude: float, longitude: float) -> tuple[float, float]:
    """A WGS-84 point in the datum of Amap, Tencent and Google's maps of China."""
    x, y = longitude - 105.0, latitude - 35.0
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + _waves(x, y, east=False)
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + _waves(x, y, east=True)
    radians = latitude / 180 * math.pi
    magic = 1 - _ECCENTRICITY * math.sin(radians) ** 2
    root = math.sqrt(magic)
    d_latitude = north * 180 / (_AXIS * (1 - _ECCENTRICITY) / (magic * root) * math.pi)
    d_longitude = east * 180 / (_AXIS / root * math.cos(radians) * math.pi)
    return latitude + d_latitude, longitude + d_longitude


def bd09(latitude: float, longitude: float) -> tuple[float, float]:
    """A GCJ-02 point in Baidu's datum."""
    distance = math.hypot(longitude, latitude) + 0.00002 * math.sin(latitude * math.pi * 3000 / 180)
    angle = math.atan2(latitude, longitude) + 0.000003 * math.cos(longitude * math.pi * 3000 / 180)
    return distance * math.sin(angle) + 0.006, distance * math.cos(angle) + 0.0065


def geohash(latitude: float, longitude: float, length: int) -> str:
    """The cell of that many characters that holds the point."""
    bounds = [[-180.0, 180.0], [-90.0, 90.0]]
    point = (longitude, latitude)
    written, bits = "", 0
    for turn in range(length * 5):
        axis = turn % 2
        low, high = bounds[axis]
        middle = (low + high) / 2
        upper = point[axis] >= middle
        bounds[axis][0 if upper else 1] = middle
        bits = bits << 1 | upper
        if turn % 5 == 4:
            written += _GEOHASH[bits]
            bits = 0
    return written
