"""The parser against well-formed, odd and hostile hierarchies."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screenshots.hierarchy import MAXIMUM_BYTES, MAXIMUM_DEPTH, MAXIMUM_NODES, HierarchyUnreadable, parse_hierarchy
from tests.screenshots.trees import button, feed, hierarchy, label, node, status_bar, window

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\t"), max_size=40)


def test_reads_every_attribute() -> None:
    xml = hierarchy(node((1, 2, 30, 40), text="甲", checkable=True, checked=True, resource_id="a:id/b", desc="乙"))
    (root,) = parse_hierarchy(xml).roots
    assert (root.text, root.content_desc, root.resource_id, root.bounds) == ("甲", "乙", "a:id/b", (1, 2, 30, 40))
    assert root.checkable
    assert root.checked
    assert not root.clickable
    assert root.area == 29 * 38


def test_keeps_several_roots_in_their_order() -> None:
    parsed = parse_hierarchy(hierarchy(status_bar(), window(feed())))
    assert [root.package for root in parsed.roots] == ["com.android.systemui", "com.example.reader"]
    assert parsed.extent == (720, 1600)


def test_walks_in_document_order_and_knows_leaves_and_clickables() -> None:
    parsed = parse_hierarchy(hierarchy(node((0, 0, 9, 9), label("a", (0, 0, 1, 1)), button("b", (0, 0, 2, 2)))))
    assert [one.text for one in parsed.walk()] == ["", "a", "b"]
    assert [one.text for one in parsed.leaves()] == ["a", "b"]
    assert [one.text for one in parsed.clickables()] == ["b"]


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        ("no xml at all", "not well-formed"),
        ("<hierarchy>", "not well-formed"),
        ("<html><body/></html>", "root element is html"),
        ("<hierarchy rotation='0'/>", "no window"),
        ('<!DOCTYPE hierarchy [<!ENTITY a "b">]><hierarchy><node text="&a;"/></hierarchy>', "declares"),
        ('<!ENTITY a SYSTEM "file:///etc/passwd"><hierarchy/>', "declares"),
        ("<hierarchy>" + "<node>" * 240 + "</node>" * 240 + "</hierarchy>", "nested deeper"),
        ("<hierarchy>" + "<node>" * 5000 + "</node>" * 5000 + "</hierarchy>", "not well-formed"),
        ("<hierarchy>" + "<node/>" * (MAXIMUM_NODES + 1) + "</hierarchy>", "more than"),
        ("<hierarchy>" + " " * MAXIMUM_BYTES + "</hierarchy>", "larger than"),
    ],
)
def test_names_the_reason_for_what_it_refuses(xml: str, reason: str) -> None:
    with pytest.raises(HierarchyUnreadable, match=reason):
        parse_hierarchy(xml)


def test_reads_the_deepest_allowed_nesting() -> None:
    parsed = parse_hierarchy("<hierarchy>" + "<node>" * MAXIMUM_DEPTH + "</node>" * MAXIMUM_DEPTH + "</hierarchy>")
    assert sum(1 for _ in parsed.walk()) == MAXIMUM_DEPTH


@pytest.mark.parametrize("text", ["a\x0bb", "a&#11;b", "a&#xD800;b", "a\ud800b", "a&#0;b", "a\x00b"])
def test_replaces_what_xml_forbids_and_says_so(text: str) -> None:
    parsed = parse_hierarchy(f'<hierarchy><node text="{text}" bounds="[0,0][1,1]"/></hierarchy>')
    assert parsed.repaired
    assert parsed.roots[0].text == "a.b"


@pytest.mark.parametrize(
    "bounds", ["", "[1,2]", "[1,2][x,4]", "[5,5][1,1]", "[0,0][0,9]", "junk", "[9999999999,0][1,1]"]
)
def test_a_box_that_is_none_has_no_area(bounds: str) -> None:
    parsed = parse_hierarchy(f'<hierarchy><node bounds="{bounds}"/></hierarchy>')
    assert parsed.roots[0].area == 0


def test_coordinates_far_outside_are_bounded() -> None:
    parsed = parse_hierarchy('<hierarchy><node bounds="[-999999999,0][999999999,50]"/></hierarchy>')
    assert parsed.roots[0].bounds == (-100_000, 0, 100_000, 50)


@given(st.text(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_text_is_a_hierarchy_or_a_reason(text: str) -> None:
    with suppress(HierarchyUnreadable):
        parse_hierarchy(text)


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_text_comes_back_as_it_was_written(texts: list[tuple[str, str]]) -> None:
    nodes = [node((0, 0, 10, 10), text=text, desc=desc) for text, desc in texts]
    parsed = parse_hierarchy(hierarchy(node((0, 0, 100, 100), *nodes)))
    if not parsed.repaired:
        assert [(one.text, one.content_desc) for one in parsed.roots[0].children] == texts


@given(st.integers(0, 400), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_a_cut_or_spoilt_dump_never_raises_anything_else(cut: int, at: int) -> None:
    whole = hierarchy(status_bar(), window(feed()))
    spoilt = whole[: len(whole) - cut] + whole[len(whole) - cut + at :]
    with suppress(HierarchyUnreadable):
        parse_hierarchy(spoilt)
