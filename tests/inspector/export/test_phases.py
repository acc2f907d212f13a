"""Where the time went: one case for each way an exchange can stand."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.export.phases import MEANINGS, Phase, lengths, phases, total_ns
from inspector.model import Exchange


def names(exchange: Exchange, now: int = 0) -> list[tuple[str, int, bool]]:
    return [(p.name, p.length_ns, p.running) for p in phases(exchange, now)]


def whole(**times: int) -> Exchange:
    """Answered by an application under a probe; the client takes all at once unless ``times`` say otherwise."""
    known = {"opened_ns": 100, "forwarded_ns": 110, "called_ns": 130, "started_ns": 160, "first_byte_ns": 165}
    known |= {"last_app_ns": 175, "answered_ns": 182, "closed_ns": 200, "held_ns": 18, "returned_ns": 260}
    return Exchange(1, **(known | times))


def test_a_whole_exchange_has_all_seven() -> None:
    assert names(whole()) == [
        ("wait", 10, False),
        ("queue", 20, False),
        ("app", 30, False),
        ("sending", 15, False),
        ("buffered", 7, False),
        ("held", 18, False),
        ("after", 60, False),
    ]
    assert total_ns(whole()) == 100


def test_phases_follow_each_other_without_gaps() -> None:
    assert all(before.end_ns == after.start_ns for before, after in pairwise(phases(whole())))


def test_a_client_that_takes_all_at_once_holds_nothing_up() -> None:
    assert names(whole(closed_ns=182, held_ns=0))[-3:] == [
        ("sending", 15, False),
        ("buffered", 7, False),
        ("after", 78, False),
    ]


def test_a_slow_client_is_neither_the_servers_time_nor_the_applications() -> None:
    """It held up the server (7 of 7), and before that the application (3 of 15), which could not go on."""
    assert names(whole(held_ns=28))[3:6] == [("sending", 12, False), ("held", 28, False), ("after", 60, False)]
    assert names(whole(held_ns=1000))[2:4] == [("app", 30, False), ("held", 40, False)]


def test_what_an_older_trace_does_not_tell_of_is_the_servers() -> None:
    assert names(whole(answered_ns=0, held_ns=0))[3:5] == [("sending", 15, False), ("buffered", 25, False)]


def test_a_return_before_the_last_byte_leaves_nothing_after() -> None:
    done = Exchange(1, opened_ns=1, forwarded_ns=2, called_ns=3, started_ns=4, closed_ns=9, returned_ns=7)
    assert names(done)[-2:] == [("sending", 3, False), ("buffered", 2, False)]


@pytest.mark.parametrize(
    ("times", "last"),
    [
        ({}, ("wait", 50, True)),
        ({"forwarded_ns": 110}, ("queue", 40, True)),
        ({"forwarded_ns": 110, "called_ns": 120}, ("app", 30, True)),
        ({"forwarded_ns": 110, "called_ns": 120, "started_ns": 130}, ("sending", 20, True)),
        ({"forwarded_ns": 110, "called_ns": 120, "started_ns": 130, "last_app_ns": 140}, ("buffered", 10, True)),
        ({"forwarded_ns": 110, "called_ns": 120, "started_ns": 130, "held_ns": 5}, ("held", 5, True)),
        ({"forwarded_ns": 110, "called_ns": 120, "started_ns": 130, "answered_ns": 135}, ("held", 15, True)),
        ({"forwarded_ns": 110, "called_ns": 120, "started_ns": 130, "closed_ns": 140}, ("after", 10, True)),
        ({"forwarded_ns": 110, "called_ns": 120, "returned_ns": 130}, ("buffered", 20, True)),
        ({"forwarded_ns": 110, "first_byte_ns": 130}, ("sending", 20, True)),
    ],
)
def test_what_runs_goes_on_until_now(times: dict[str, int], last: tuple[str, int, bool]) -> None:
    assert names(Exchange(1, opened_ns=100, **times), now=150)[-1] == last


def test_what_was_abandoned_ends_where_it_was_last_seen() -> None:
    assert names(Exchange(1, opened_ns=100, forwarded_ns=110, called_ns=120)) == [
        ("wait", 10, False),
        ("queue", 10, False),
    ]
    begun = Exchange(1, opened_ns=100, forwarded_ns=110, called_ns=120, started_ns=130)
    assert names(begun)[-1] == ("app", 10, False)


def test_without_a_probe_server_and_application_are_one() -> None:
    assert names(Exchange(1, opened_ns=1, forwarded_ns=2, first_byte_ns=8, answered_ns=10, closed_ns=14)) == [
        ("wait", 1, False),
        ("server", 6, False),
        ("sending", 2, False),
        ("held", 4, False),
    ]


def test_a_request_the_proxy_refused_was_all_waiting() -> None:
    assert names(Exchange(1, opened_ns=1, closed_ns=5)) == [("wait", 4, False)]


def test_a_call_without_a_wire_is_the_application_alone() -> None:
    startup = Exchange(1, kind="lifespan", called_ns=10, returned_ns=40)
    assert names(startup) == [("app", 30, False)]
    assert total_ns(startup) == 30
    assert total_ns(Exchange(1, kind="lifespan", opened_ns=10, called_ns=10, returned_ns=40)) == 30  # its worker died
    answered = Exchange(1, called_ns=10, started_ns=20, returned_ns=40)
    assert names(answered) == [("app", 10, False), ("sending", 20, False)]


def test_an_application_that_answered_nothing_ended_when_it_returned() -> None:
    """The server's 500, or its silence, is the server's."""
    raised = Exchange(1, opened_ns=1, forwarded_ns=2, called_ns=3, returned_ns=5, first_byte_ns=9, closed_ns=9)
    assert names(raised)[2:] == [("app", 2, False), ("buffered", 4, False)]
    silent = Exchange(1, opened_ns=1, forwarded_ns=2, called_ns=3, returned_ns=5, closed_ns=9)
    assert names(silent)[2:] == [("app", 2, False), ("buffered", 4, False)]


def test_an_application_that_began_after_its_client_had_gone_goes_on_after_the_end() -> None:
    late = Exchange(1, opened_ns=1, forwarded_ns=2, called_ns=3, closed_ns=10, started_ns=15, returned_ns=20)
    assert names(late)[2:] == [("app", 7, False), ("after", 10, False)]


def test_a_websocket_is_connected_and_not_sending() -> None:
    socket = Exchange(1, kind="websocket", opened_ns=1, forwarded_ns=2, called_ns=3, started_ns=4)
    assert names(socket, now=100)[-1] == ("connected", 96, True)
    assert names(Exchange(1, kind="websocket", opened_ns=1, forwarded_ns=2, closed_ns=4))[-1] == ("server", 2, False)


def test_an_answer_before_its_request_was_read_is_no_negative_time() -> None:
    early = Exchange(1, opened_ns=10, forwarded_ns=50, called_ns=40, started_ns=45, closed_ns=60)
    assert all(phase.length_ns > 0 for phase in phases(early))
    assert sum(phase.length_ns for phase in phases(early)) == 50


@given(st.lists(st.integers(0, 9) | st.just(0), min_size=10, max_size=10), st.integers(0, 12))
def test_whatever_the_times_the_phases_follow_each_other(times: list[int], now: int) -> None:
    fields = ("opened", "forwarded", "called", "started", "first_byte", "last_app", "answered", "returned", "closed")
    exchange = Exchange(1, **{f"{name}_ns": t for name, t in zip(fields, times[:9], strict=True)}, held_ns=times[9])
    found = phases(exchange, now)
    assert all(phase.length_ns > 0 for phase in found)
    assert all(before.end_ns == after.start_ns for before, after in pairwise(found))
    assert [phase.name for phase in found] == [name for name in MEANINGS if name in {p.name for p in found}]
    assert all(length >= 0 for length in lengths(exchange).values())


def test_lengths_are_of_what_is_over() -> None:
    assert lengths(Exchange(1, opened_ns=5, forwarded_ns=6)) == {"wait": 1}
    assert lengths(whole(closed_ns=182, held_ns=0))["held"] == 0


def test_total_counts_to_now_while_it_runs_and_is_unknown_without_a_beginning() -> None:
    assert total_ns(Exchange(1, opened_ns=10), now=25) == 15
    assert total_ns(Exchange(1, opened_ns=10)) == 0
    assert total_ns(Exchange(1), now=25) == 0
    assert Phase("queue", 1, 4).length_ns == 3
