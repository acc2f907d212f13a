"""Strips of pixels: what a row looks like, what is drawn again, and what waits."""

from __future__ import annotations

from array import array

from hypothesis import given, settings
from hypothesis import strategies as st

from app.traffic.lanes.bars import OPEN, Look, Parts, Row
from app.traffic.lanes.cells import LEVELS, Scale
from app.traffic.lanes.strips import CELLS, Colors, Piece, Strips

WAITING, SOLID, SENDING, AFTER = 1, 2, 3, 4
PALETTE = [Colors(WAITING, SOLID, SENDING, AFTER, tuple(10 * tone + n for n in range(LEVELS + 1))) for tone in range(8)]
LOOK = Look(1, 200, "GET /")
FAINT = PALETTE[1].levels[1]


def row(*bars: tuple[int, int, int, int, int]) -> Row:
    made = Row()
    for number, bar in enumerate(bars, 1):
        made.append(number, Parts(*bar), LOOK)
    return made


def always() -> bool:
    return True


def never() -> bool:
    return False


def drawn(strips: Strips, one: Row, scale: Scale, now: int = 100_000) -> array[int]:
    strips.begin([one], now)
    pieces, complete = strips.draw(one, scale, always)
    assert complete
    assert [piece.column for piece in pieces] == list(
        range(pieces[0].column, pieces[0].column + len(pieces) * CELLS * scale.grain, CELLS * scale.grain)
    )
    return array("I", b"".join(piece.pixels.tobytes() for piece in pieces))


def test_the_parts_of_a_wide_bar_and_a_column_of_air() -> None:
    pixels = drawn(Strips(PALETTE), row((10, 20, 40, 50, 61)), Scale(0, 1, 100))
    expected = [0] * 10 + [WAITING] * 10 + [SOLID] * 20 + [SENDING] * 10 + [AFTER] * 10 + [0]
    assert list(pixels[:61]) == expected


def test_narrow_bars_are_cells_or_blocks_of_one_strength() -> None:
    made = row((100, 100, 101, 101, 101), (400, 400, 430, 430, 440))
    pixels = drawn(Strips(PALETTE), made, Scale(0, 10, 100))
    assert pixels[10] == FAINT
    assert list(pixels[40:45]) == [PALETTE[1].levels[LEVELS - 1]] * 3 + [0, 0]


def test_the_application_is_seen_however_short_it_was() -> None:
    pixels = drawn(Strips(PALETTE), row((0, 50, 50, 100, 100)), Scale(0, 1, 100))
    assert pixels[50] == SOLID


def test_a_bar_goes_on_in_the_next_piece_and_only_wide_ones_have_words() -> None:
    strips = Strips(PALETTE)
    made = row(
        (10, 10, CELLS + 20, CELLS + 20, CELLS + 20), (CELLS + 30, CELLS + 30, CELLS + 40, CELLS + 40, CELLS + 40)
    )
    pixels = drawn(strips, made, Scale(0, 1, 2 * CELLS - 1))
    assert set(pixels[10 : CELLS + 19]) == {SOLID}
    assert [piece.wide for piece in strips.draw(made, Scale(0, 1, 2 * CELLS - 1), never)[0]] == [(0,), (0,)]


def test_pieces_are_kept_until_their_time_changes() -> None:
    strips, made = Strips(PALETTE), row((0, 0, 10, 10, 10))
    scale = Scale(0, 1, 3 * CELLS - 1)
    drawn(strips, made, scale)
    pieces, complete = strips.draw(made, scale, never)
    assert complete
    made.append(2, Parts(CELLS + 5, CELLS + 5, CELLS + 9, CELLS + 9, CELLS + 9), LOOK)
    strips.begin([made], 100_000)
    again, complete = strips.draw(made, scale, never)
    assert not complete
    assert again == pieces, "what there is not time for stays as it was"
    assert [piece.good for piece in again] == [CELLS - 3, 0, 0], "and a little before it, where bars may have grown"
    assert drawn(strips, made, scale)[CELLS + 5] == PALETTE[1].levels[LEVELS - 1]


def test_bars_that_were_let_go_of_leave_their_pieces_and_the_others_keep_their_numbers() -> None:
    ends = (CELLS - 10, 2 * CELLS - 10, 3 * CELLS - 10)
    strips, made = Strips(PALETTE), row(*((end - 100, end - 100, end, end, end) for end in ends))
    scale = Scale(0, 1, 3 * CELLS - 1)
    drawn(strips, made, scale)
    made.drop_before(CELLS)
    strips.begin([made], 100_000)
    assert made.emptied == 0
    pieces, _complete = strips.draw(made, scale, never)
    assert [piece.good for piece in pieces] == [0, CELLS, CELLS]
    assert [piece.wide for piece in pieces] == [(0,), (1,), (2,)]
    assert not any(drawn(strips, made, scale)[:CELLS])
    assert [piece.wide for piece in strips.draw(made, scale, never)[0]] == [(), (1,), (2,)]


def test_what_is_in_flight_grows_with_the_time() -> None:
    strips, made = Strips(PALETTE), row((0, 5, OPEN, OPEN, OPEN))
    scale = Scale(0, 1, 2 * CELLS)
    assert sum(pixel == SOLID for pixel in drawn(strips, made, scale, 50)) == 44
    assert sum(pixel == SOLID for pixel in drawn(strips, made, scale, 80)) == 74


def test_another_scale_keeps_the_one_before_until_it_is_drawn() -> None:
    strips, made = Strips(PALETTE), row((0, 5, 50, 50, 50))
    assert strips.before(made) == (0, [])
    drawn(strips, made, Scale(0, 1, 100))
    strips.begin([made], 100_000)
    pieces, complete = strips.draw(made, Scale(0, 2, 100), never)
    assert (pieces, complete) == ([], False)
    step, before = strips.before(made)
    assert step == 1
    assert [type(piece) for piece in before] == [Piece]
    strips.draw(made, Scale(0, 3, 100), never)
    assert strips.before(made)[0] == 1, "a scale of which nothing was drawn is of no use"


def test_far_pieces_and_rows_that_are_gone_are_forgotten() -> None:
    strips, made = Strips(PALETTE), row((0, 5, 50, 50, 50))
    strips.begin([made], 100_000)
    for number in range(100):
        strips.draw(made, Scale(number * CELLS, 1, 10), always)
    assert len(strips._strips[made].pieces) <= 64
    for _ in range(60):
        other = row((0, 5, 50, 50, 50))
        strips.draw(other, Scale(0, 1, 10), always)
    strips.begin([made], 100_000)
    assert list(strips._strips) == [made]


def test_cells_of_several_columns() -> None:
    pixels = drawn(Strips(PALETTE), row((0, 0, 1, 1, 1)), Scale(0, 10, 100, 4))
    assert list(pixels[:5]) == [FAINT] * 4 + [0]


def go_on(made: Row, gap: int, long: int, ends: bool, now: int) -> None:
    """What traffic does to a row until ``now``: what was in flight may end, and another may begin behind it."""
    number = len(made)
    if number and made.ends[-1] == OPEN:
        begun, part = made.starts[-1], (now - made.starts[-1]) // 4
        if not ends:
            return
        made.change(number - 1, Parts(begun, begun + part, now - part, now, now), Look(number % 8, 200, "GET /"))
    start = max(made.ends[-1] if number else 0, now - long) + gap
    if start < now:
        end, inner = (start + long // 2 if ends else OPEN), start + long // 6
        end, inner = (min(now, end), min(now, inner)) if ends else (OPEN, inner)
        made.append(number + 1, Parts(start, inner, max(inner, end), end, end), Look(number % 8, 200, "GET /"))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, 400), st.booleans(), st.integers(1, 300)), max_size=40),
    st.sampled_from([(1, 1), (7, 1), (40, 1), (3, 4), (11, 2)]),
    st.randoms(use_true_random=False),
)
def test_what_grows_frame_by_frame_looks_as_if_drawn_at_once(steps, scale, chance) -> None:
    strips, made, now = Strips(PALETTE), Row(), 1_000
    for gap, long, ends, passed in steps:
        now += passed
        go_on(made, gap, long, ends, now)
        if chance.random() < 0.1 and len(made) > 3:
            made.drop_before(made.ends[2])
        if chance.random() < 0.2:  # others were painted meanwhile
            strips.begin([], now)
        elif chance.random() < 0.8:
            shown, known = (
                Scale(500 // scale[0] * scale[0], scale[0], 2 * CELLS, scale[1]),
                (made.changed, made.emptied),
            )
            at_once = drawn(Strips(PALETTE), made, shown, now)
            made.changed, made.emptied = known
            assert drawn(strips, made, shown, now) == at_once
