"""A screen that did not change is not read again."""

import pytest

from crawler.session import reading_cache
from crawler.session.reading_cache import ReadingCache
from screenshots.reading import ScreenReading, read_screen

TREE = '<hierarchy><node text="首页" bounds="[0,0][720,1600]"/></hierarchy>'


def test_each_pair_is_read_once_and_any_difference_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[bytes | None, str | None, str | None, bool]] = []

    def count(shot: bytes | None, hierarchy: str | None, *, package: str | None, second_look: bool) -> ScreenReading:
        asked.append((shot, hierarchy, package, second_look))
        return read_screen(shot, hierarchy, package=package, second_look=second_look)

    monkeypatch.setattr(reading_cache, "read_screen", count)
    read = ReadingCache()
    first = read(None, TREE, package="a.b")
    assert all(read(None, TREE, package="a.b") is first for _ in range(5))
    assert len(asked) == 1
    read(None, TREE, package="c.d")
    read(None, TREE, package="a.b", second_look=True)
    read(None, TREE.replace("首页", "我的"), package="a.b")
    read(b"shot", TREE, package="a.b")
    assert len(asked) == 5
