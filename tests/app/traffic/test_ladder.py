"""The sequence diagram's layout: arrows, gaps to scale and cut, and what is in view."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.traffic.ladder import APPLICATION, CLIENT, LONGEST, ROW, SERVER, Arrow, Layout, arrow, title, weight
from inspector.model import Message

MS = 1_000_000


def message(kind: str, side: str = "app", direction: str = "in", info: str = "", size: int = 0) -> Message:
    return Message(1, 0, 0, side, direction, kind, size, info=info)


@pytest.mark.parametrize(
    ("said", "shape"),
    [
        (message("request.head", "wire", "in"), Arrow(CLIENT, SERVER)),
        (message("response.body", "wire", "out"), Arrow(SERVER, CLIENT)),
        (message("http.request", "app", "in"), Arrow(SERVER, APPLICATION)),
        (message("start_response", "app", "out"), Arrow(APPLICATION, SERVER)),
        (message("raise", "app", "out"), Arrow(APPLICATION, SERVER, True)),
        (message("client.gone", "wire", "in"), Arrow(CLIENT, CLIENT, True)),
        (message("upstream.gone", "wire", "out"), Arrow(SERVER, SERVER, True)),
    ],
)
def test_who_says_it_to_whom(said: Message, shape: Arrow) -> None:
    assert arrow(said) == shape
    assert shape.passes_proxy == (said.type in ("request.head", "response.body"))


def test_titles_have_the_status_and_weights_the_size() -> None:
    assert title(message("http.response.start", info='{"status": 404, "headers": []}')) == "http.response.start 404"
    assert title(message("start_response", info='{"status": "200 OK"}')) == "start_response 200"
    assert title(message("call")) == "call"
    assert (weight(message("call")), weight(message("x", size=1200))) == ("", "1.20 kB")


def test_an_empty_exchange_has_no_height() -> None:
    layout = Layout()
    layout.fill([])
    assert (layout.height, layout.row_at(10), list(layout.visible(0, 100)), len(layout)) == (0, -1, [], 0)


def test_gaps_are_to_scale_and_long_ones_are_cut() -> None:
    layout = Layout()
    layout.fill([0, 100 * MS, 300 * MS, *([300 * MS] * 6), 2000 * MS])
    assert layout.gap(0) == 0
    assert layout.gap(2) == 2 * layout.gap(1) == 200 * MS // layout.ns_per_pixel > 0
    assert layout.gap(9) == LONGEST
    assert layout.broken == {9}
    assert layout.height == layout.tops[9] + ROW


def test_all_at_one_moment_stand_close() -> None:
    layout = Layout()
    layout.fill([5, 5, 5])
    assert list(layout.tops) == [0, ROW, 2 * ROW]
    assert layout.ns_per_pixel == 1


def test_it_grows_in_place_until_it_has_doubled() -> None:
    layout = Layout()
    layout.fill([n * MS for n in range(10)])
    scale, tops = layout.ns_per_pixel, list(layout.tops)
    layout.fill([10 * MS, 400 * MS], 10)
    assert (layout.ns_per_pixel, list(layout.tops[:10])) == (scale, tops)
    assert layout.broken == {11}
    layout.fill([11 * MS], 11)  # another came before the last
    assert layout.broken == set()
    layout.fill([n * 100 * MS for n in range(1, 20)], 11)
    assert layout.ns_per_pixel > scale


def test_what_is_in_view_and_what_is_at_a_height() -> None:
    layout = Layout()
    layout.fill([0, 0, 10_000, 10_000])
    assert layout.row_at(0) == 0
    assert layout.row_at(ROW) == 1
    assert layout.row_at(layout.tops[2] - 1) == 1
    assert layout.row_at(10**6) == 3
    assert 0 in layout.visible(0, 5)
    assert list(layout.visible(layout.tops[3], layout.tops[3] + 5)) == [3]


@given(st.lists(st.integers(0, 10**10), max_size=80), st.integers(0, 80), st.integers(0, 5000))
def test_rows_never_overlap_however_they_came(drawn: list[int], cut: int, top: int) -> None:
    times = sorted(drawn)
    whole, parts = Layout(), Layout()
    whole.fill(times)
    parts.fill(times[:cut])
    if cut < len(times):
        parts.fill(times[cut:], min(cut, len(times)))
    for layout in (whole, parts):
        assert len(layout) == len(times)
        steps = [after - before for before, after in zip(layout.tops, layout.tops[1:], strict=False)]
        assert all(ROW <= step <= ROW + LONGEST for step in steps)
        shown = layout.visible(top, top + 300)
        for row, at in enumerate(layout.tops):
            if at < top + 300 and at + ROW > top:
                assert row in shown


def test_rows_are_higher_where_text_is_larger() -> None:
    layout = Layout()
    layout.fill([0, 0, 10])
    layout.set_row(2 * ROW)
    assert list(layout.tops)[:2] == [0, 2 * ROW]
    assert layout.height == layout.tops[-1] + 2 * ROW
    assert (layout.row_at(2 * ROW - 1), layout.gap(1)) == (0, 0)
    before = list(layout.tops)
    layout.set_row(2 * ROW)
    assert list(layout.tops) == before
