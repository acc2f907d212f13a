"""Bars: their parts, the rows they are packed into, and how rows are kept and let go of."""

from __future__ import annotations

import random
from array import array
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.traffic.lanes.bars import OPEN, Lanes, Look, Parts, Row, look, parts, runs

MS = 1_000_000


def made(identity: int, start: int, **fields: Any) -> Any:
    """A row of the trace: answered after 10 ms of application, 2 ms of waiting before, unless told otherwise."""
    usual: dict[str, Any] = {
        "kind": "http", "state": "done", "status": 200, "method": "GET", "target": "/x", "instance": 1,
        "worker_slot": 1, "opened_ns": start, "forwarded_ns": start + MS, "called_ns": start + 2 * MS,
        "started_ns": start + 12 * MS, "first_byte_ns": start + 12 * MS, "closed_ns": start + 13 * MS,
        "returned_ns": start + 14 * MS,
    }  # fmt: skip
    return SimpleNamespace(**{"id": identity, **usual, **fields})


def waiting(identity: int, start: int, **fields: Any) -> Any:
    later = dict.fromkeys(("called_ns", "started_ns", "first_byte_ns", "closed_ns", "returned_ns"), 0)
    return made(identity, start, **{"state": "open", "status": 0, "worker_slot": 0, **later, **fields})


def test_the_parts_of_one_that_is_over() -> None:
    assert parts(made(1, 100), running=False) == Parts(100, 100 + 2 * MS, 100 + 12 * MS, 100 + 13 * MS, 100 + 14 * MS)


def test_what_has_not_come_yet_has_no_end() -> None:
    assert parts(waiting(1, 100), running=True) == Parts(100, OPEN, OPEN, OPEN, OPEN)
    called = made(1, 100, started_ns=0, first_byte_ns=0, closed_ns=0, returned_ns=0)
    assert parts(called, running=True) == Parts(100, 100 + 2 * MS, OPEN, OPEN, OPEN)
    after = made(1, 100, returned_ns=0)
    assert parts(after, running=True).closed == 100 + 13 * MS
    assert parts(after, running=True).end == OPEN


def test_without_a_probe_the_server_counts_as_the_application_and_one_that_never_got_there_waited() -> None:
    unseen = made(1, 100, called_ns=0, started_ns=0, returned_ns=0)
    assert parts(unseen, running=False) == Parts(100, 100 + MS, 100 + 12 * MS, 100 + 13 * MS, 100 + 13 * MS)
    assert parts(unseen, running=True).called == 100 + MS
    lost = waiting(1, 100, state="failed", forwarded_ns=0, closed_ns=900)
    assert parts(lost, running=False) == Parts(100, 900, 900, 900, 900)
    without_proxy = made(1, 0, opened_ns=0, forwarded_ns=0)
    assert parts(without_proxy, running=False).start == 2 * MS


@given(st.lists(st.integers(1, 50), min_size=7, max_size=7), st.booleans())
def test_the_parts_of_whatever_happened_follow_each_other(times: list[int], happened: bool) -> None:
    names = ("opened_ns", "forwarded_ns", "called_ns", "started_ns", "first_byte_ns", "closed_ns", "returned_ns")
    cut = parts(made(1, 0, **dict(zip(names, sorted(times) if happened else times, strict=True))), running=False)
    assert list(cut) == sorted(cut)
    assert cut.start == (min(times) if happened else times[0])
    if happened:
        _opened, _forwarded, called, started, _first_byte, closed, returned = sorted(times)
        assert cut[1:] == (called, started, closed, returned)


def test_looks() -> None:
    assert look(made(1, 1, status=503)) == Look(6, 503, "GET /x")
    assert look(made(1, 1, method="", target="/ws")).label == "/ws"


def test_what_was_in_flight_and_is_not_in_the_trace_any_more_leaves() -> None:
    lanes = Lanes()
    lanes.take([made(1, 1), waiting(2, 5 * MS), made(3, 7 * MS, returned_ns=0, state="open")])
    lanes.leave_out([2, 3, 9])
    assert [list(row.ids) for rows in lanes.rows.values() for row in rows] == [[1]]
    lanes.know_alone({1: 1})  # it waits for nobody any more
    assert len(lanes) == 1


def test_what_overlaps_is_put_under_each_other_and_what_does_not_in_one_row() -> None:
    lanes = Lanes()
    lanes.take([made(1, 1), made(2, 5 * MS), made(3, 20 * MS)][::-1])
    lanes.take([made(4, 0, opened_ns=0, called_ns=0), made(5, 3, kind="lifespan")])  # no time, and no request
    assert [list(row.ids) for row in lanes.rows[1]] == [[1, 3], [2]]
    lanes.take([made(6, 5 * MS + 1)])
    assert [list(row.ids) for row in lanes.rows[1]] == [[1, 3], [2], [6]]
    assert len(lanes) == 4
    assert 3 in lanes
    assert lanes.first == 1
    assert lanes.last == 34 * MS


def test_a_request_waits_in_the_lane_of_the_only_worker_and_else_in_one_for_all_that_wait() -> None:
    lanes = Lanes()
    lanes.take([waiting(1, 10), waiting(2, 11), waiting(3, 12, instance=2)])
    assert set(lanes.slots(0, 100)) == {0}
    lanes.know_alone({1: 1})
    lanes.know_alone({1: 1})
    assert lanes.slots(0, 100) == {1: 2, 0: 3}
    lanes.take([made(3, 12, instance=2, worker_slot=4)])
    assert lanes.slots(0, 100) == {1: 2, 4: 1}
    assert lanes.find(3, 12) == (4, lanes.rows[4][0], 0)
    assert lanes.find(99, 12) is None


def test_a_bar_that_goes_on_changes_in_place_and_one_that_ended_keeps_its_times() -> None:
    lanes = Lanes()
    lanes.take([waiting(1, 10, worker_slot=1)])
    lanes.take([made(1, 10)])
    [row] = lanes.rows[1]
    assert (row.ends[0], row.tones[0], row.statuses[0]) == (10 + 14 * MS, 1, 200)
    lanes.take([made(2, 20 * MS)])
    lanes.take([made(1, 10, returned_ns=10 + 99 * MS, status=500)])
    assert (row.ends[0], row.tones[0]) == (10 + 14 * MS, 6)


def test_one_that_is_not_the_last_of_its_row_stays_when_it_moves() -> None:
    lanes = Lanes()
    lanes.take([made(1, 10, worker_slot=0), made(2, 20 * MS, worker_slot=0)])
    lanes.take([made(1, 10, worker_slot=3)])
    assert lanes.find(1, 10) == (3, lanes.rows[3][0], 0)
    assert [list(row.ids) for row in lanes.rows[0]] == [[1, 2]]


def test_bars_are_found_by_time() -> None:
    row = Row()
    assert row.at(5) == -1
    assert row.free_from == 0
    for identity, begin, end in ((1, 10, 20), (2, 20, 20), (3, 20, 30), (4, 50, 60)):
        row.append(identity, Parts(begin, begin, begin, begin, end), Look(1, 200, ""))
    assert [row.at(t) for t in (9, 10, 25, 40, 49, 55, 61)] == [-1, 0, 2, -1, -1, 3, -1]
    assert [row.at(t, slack=2) for t in (8, 31, 48, 62)] == [0, 2, 3, 3]
    assert [row.find(identity, start) for identity, start in ((1, 10), (3, 20), (4, 99), (7, 1))] == [0, 2, 3, -1]
    assert list(row.between(0, 100)) == [0, 1, 2, 3]
    assert list(row.between(15, 50)) == [0, 1, 2]
    assert list(row.between(35, 40)) == []
    assert list(row.between(55, 100)) == [3]
    assert row.drop_before(5) == []
    assert row.drop_before(25) == [1, 2]
    assert list(row.ids) == [3, 4]
    assert (row.gone, row.emptied) == (2, 20)


def test_sums_say_how_long_bars_held_and_worked_before_each() -> None:
    row = Row()
    row.append(1, Parts(0, 10, 20, 30, 40), Look(1, 200, ""))
    row.append(2, Parts(40, 45, 50, 55, 60), Look(1, 200, ""))
    row.append(3, Parts(60, OPEN, OPEN, OPEN, OPEN), Look(4, 0, ""))
    assert row.solid == array("q", [0, 20, 30])
    assert row.held == array("q", [0, 40, 60])


def test_the_oldest_go_when_there_are_too_many_some_at_a_time() -> None:
    lanes = Lanes(most=3200)
    lanes.take([made(n, n * 20 * MS) for n in range(1, 3201)])
    assert len(lanes) == 3200
    lanes.rows[1][0].emptied = 0
    lanes.take([made(3201, 3201 * 20 * MS)])
    assert len(lanes) == 3201 - 48, "a sixty-fourth, by a sample of every sixteenth"
    assert 48 not in lanes
    assert lanes.first == 49 * 20 * MS
    assert lanes.between(0, 52 * 20 * MS) == [49, 50, 51]
    [row] = lanes.rows[1]
    assert (row.gone, row.emptied) == (48, 48 * 20 * MS + 14 * MS)
    assert lanes.find(3201, 3201 * 20 * MS) == (1, row, 3152)
    lanes.clear()
    assert (len(lanes), lanes.rows, lanes.first) == (0, {}, OPEN)


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 200), st.integers(0, 60), st.booleans()), max_size=60))
def test_bars_of_a_row_never_overlap(drawn: list[tuple[int, int, int, bool]]) -> None:
    lanes = Lanes()
    draw = random.Random(len(drawn))
    for identity, (slot, start, length, first) in enumerate(drawn, start=1):
        end = start + length
        if first:
            lanes.take([waiting(identity, start, worker_slot=draw.choice((0, slot)))])
        times = dict.fromkeys(("called_ns", "started_ns", "first_byte_ns"), start)
        lanes.take(
            [made(identity, start, forwarded_ns=start, closed_ns=end, returned_ns=end, worker_slot=slot, **times)]
        )
    assert sum(len(row) for rows in lanes.rows.values() for row in rows) == len(drawn) == len(lanes)
    for rows in lanes.rows.values():
        for row in rows:
            assert all(end <= start for end, start in zip(row.ends, row.starts[1:], strict=False))
    assert lanes.between(0, 400) == list(range(1, len(drawn) + 1))


def test_ids_are_listed_as_the_filter_language_has_them() -> None:
    lanes = Lanes()
    lanes.take([made(n, n * 20 * MS) for n in (1, 2, 4, 5, 9, 10, 11)])
    assert runs([], lanes) == ""
    assert runs([1, 2, 4], lanes) == "1..4"  # 3 is none of the lanes'
    assert runs([1, 4, 5, 9, 11], lanes) == "1,4..9,11"
    assert runs([1, 4, 9, 11], lanes, most=2) == "1..9,11"


def test_what_an_exchange_asked_for_is_found_by_its_id() -> None:
    lanes = Lanes()
    lanes.take([made(7, MS, method="GET", target="/slow")])
    assert lanes.label(7) == "GET /slow"
    assert lanes.label(8) == ""
