"""Sums of what is no longer kept as bars: how they are asked for, put together and drawn."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.traffic.lanes import older as module
from app.traffic.lanes.bars import TONES
from app.traffic.lanes.cells import LEVELS, Scale
from app.traffic.lanes.older import Drawn, Gathering, Older, Slice, Sum, Sums, Wanted, began_between, sums_of, wanted
from inspector.query import parse

INKS = [[10 * tone + level for level in range(LEVELS + 1)] for tone in range(len(TONES))]


def load(slot: int, step: int, **more: Any) -> Any:
    return SimpleNamespace(slot=slot, step=step, **{"exchanges": 3, "worst": 200, "failed": 0, "busy_ns": 0, **more})


def begun(asked: Slice, moments: dict[int, list[int]]) -> Sums:
    """As the store answers: what of each slot began at these moments."""
    width = asked.end - asked.begin
    loads = []
    for slot, every in moments.items():
        steps = [(t - asked.begin) * asked.steps // width for t in every if asked.begin <= t < asked.end]
        loads += [load(slot, step, exchanges=steps.count(step)) for step in sorted(set(steps))]
    return sums_of(asked, loads)


def gathered(gathering: Gathering, want: Wanted, moments: dict[int, list[int]]) -> list[Slice]:
    """Ask until all is known."""
    asked = []
    while (part := gathering.next(want)) is not None:
        asked.append(part)
        gathering.take(want, part, begun(part, moments))
    return asked


def test_steps_become_stretches_of_time() -> None:
    found = sums_of(Slice(1000, 2000, 10), [load(1, 3, busy_ns=50), load(1, 9, worst=503, busy_ns=500), load(2, 0)])
    assert found == {
        1: (Sum(1300, 1400, 3, TONES.index("ok"), 3), Sum(1900, 2000, 3, TONES.index("server_error"), LEVELS)),
        2: (Sum(1000, 1100, 3, TONES.index("ok"), 1),),
    }
    older = Older(1000, 2000, 100, tuple(found.items()))
    assert older.of(2) == found[2]
    assert older.of(3) == Older().of(1) == ()
    assert older.at(2, 1050) == found[2][0]
    assert older.at(2, 1100) is None
    assert older.at(2, 999) is None


def test_the_worst_gives_the_colour() -> None:
    told = [load(1, 0, failed=1), load(1, 1, worst=0), load(1, 2, worst=404), load(1, 3, worst=302)]
    tones = [TONES[one.tone] for one in sums_of(Slice(0, 4, 4), told)[1]]
    assert tones == ["failed", "neutral", "client_error", "redirect"]


def test_what_a_view_wants_is_in_steps_from_time_0_and_ends_where_bars_begin() -> None:
    assert wanted(10_000, 1_010_000, 10**9) == Wanted(8192, 1_011_712, 2048)
    assert wanted(-50, 1_000, 333) == Wanted(0, 333, 4)
    assert wanted(100, 200, 100) is None
    assert Wanted(0, 100, 2).overlaps(Wanted(98, 200, 2))
    assert not Wanted(0, 100, 2).overlaps(Wanted(100, 200, 2))
    assert not Wanted(0, 100, 2).overlaps(Wanted(0, 100, 4))
    for span in (500, 501, 100_000, 3 * 10**15):
        found = wanted(0, span, 2**62)
        assert found is not None
        assert module.STEPS / 2 <= span / found.step <= module.STEPS


def test_the_newest_is_asked_for_first_and_what_is_known_not_again() -> None:
    gathering, moments = Gathering(), {1: [5, 999, 4001], 2: [3999]}
    want = Wanted(0, 4005, 10)
    assert gathered(gathering, want, moments)[:3] == [
        Slice(3360, 4000, 64), Slice(4000, 4005, 1), Slice(2720, 3360, 64),
    ]  # fmt: skip
    older = gathering.older
    assert (older.begin, older.end, older.step) == (0, 4005, 10)
    assert older.of(1) == (Sum(0, 10, 1, 1, 1), Sum(990, 1000, 1, 1, 1), Sum(4000, 4005, 1, 1, 1))
    assert older.of(2) == (Sum(3990, 4000, 1, 1, 1),)
    assert gathering.next(Wanted(500, 3000, 10)) is None
    # More bars went: the shortened step is made whole, and what is behind it is new.
    moments[2].append(4007)
    assert gathered(gathering, Wanted(0, 4022, 10), moments) == [Slice(4000, 4020, 2), Slice(4020, 4022, 1)]
    assert gathering.older.of(1)[-1] == Sum(4000, 4010, 1, 1, 1)
    assert gathering.older.of(2)[-1] == Sum(4000, 4010, 1, 1, 1)


def test_another_scale_or_a_time_far_away_is_gathered_anew() -> None:
    gathering = Gathering()
    gathered(gathering, Wanted(0, 1000, 10), {1: [5]})
    assert gathering.next(Wanted(0, 1000, 20)) == Slice(0, 1000, 50)
    assert gathering.next(Wanted(5000, 6000, 10)) == Slice(5360, 6000, 64)
    want = Wanted(5000, 6000, 10)
    gathering.take(want, Slice(5360, 6000, 64), {})
    assert (gathering.older.begin, gathering.older.end) == (5360, 6000)
    assert gathering.older.of(1) == ()


def test_what_is_far_from_the_view_is_forgotten_in_the_end() -> None:
    gathering = Gathering()
    for at in range(20):
        gathered(gathering, Wanted(5000 * at, 5000 * (at + 1), 10), {1: [5]})
    assert gathering.older.end == 100_000
    assert 0 < gathering.older.begin < 100_000
    assert (gathering.older.end - gathering.older.begin) // 10 <= module._KEPT * module.STEPS + 500


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 20_000), max_size=60),
    st.lists(st.tuples(st.integers(0, 20_000), st.integers(1, 12_000), st.integers(0, 400)), min_size=1, max_size=8),
)
def test_however_one_looks_around_the_sums_are_those_of_the_view(moments: list[int], views: list[Any]) -> None:
    gathering, bars = Gathering(), 9_000
    for begin, span, went in views:
        bars += went
        want = wanted(begin, begin + span, bars)
        if want is None:
            continue
        gathered(gathering, want, {1: moments})
        shown = [one for one in gathering.older.of(1) if want.begin <= one.begin and one.end <= want.end]
        assert sum(one.exchanges for one in shown) == sum(want.begin <= t < want.end for t in moments)
        assert all(one.end <= other.begin for one, other in pairwise(shown))


def test_sums_are_drawn_as_pieces_which_are_kept() -> None:
    older = Older(
        100, 40_000, 100, ((1, (Sum(100, 200, 1, 2, 3), Sum(205, 206, 1, 3, 1), Sum(39_000, 40_000, 1, 1, 4))),)
    )
    drawn, scale = Drawn(INKS), Scale(0, 10, 3000)
    first, second = drawn.pieces(older, 1, scale)
    assert list(first.pixels[8:24]) == [0, 0, *[23] * 10, 0, 31, 0, 0][:16]
    assert second.column == 2048
    assert set(second.pixels[3900 - 2048 : 4000 - 2048]) == {14}
    assert drawn.pieces(older, 1, Scale(50, 10, 3000)) == [first, second]
    assert drawn.pieces(older, 1, Scale(50, 10, 3000))[0] is first
    assert drawn.pieces(older, 1, Scale(50, 20, 3000))[0] is not first
    assert drawn.pieces(older, 1, Scale(50_000, 10, 3000)) == []
    assert not any(drawn.pieces(older, 2, scale)[0].pixels)


def test_pieces_do_not_fill_the_memory() -> None:
    drawn, older = Drawn(INKS), Older(0, 10**9, 100)
    for at in range(500):
        drawn.pieces(older, 1, Scale(at * 20_480, 10, 2000))
    assert len(drawn._pieces) <= module._PIECES + 2


def test_a_stretch_of_time_as_a_filter_that_holds_its_ends() -> None:
    begin = 1_700_000_000_123_999_999
    assert began_between(begin, begin + 2) == "time:2023-11-14T22:13:20.123..2023-11-14T22:13:20.125"
    parse(began_between(begin, begin + 86_400_000_000_000))
