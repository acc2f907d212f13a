"""Where the time went: one case for each way an exchange can stand."""

from __future__ import annotations

from itertools import pairwise

import pytest

from app.traffic.phases import MEANINGS, TITLES, Phase, phases, total_ns
from inspector.model import Exchange


def names(exchange: Exchange, now: int = 0) -> list[tuple[str, int, bool]]:
    return [(p.name, p.length_ns, p.running) for p in phases(exchange, now)]


def test_a_whole_exchange_has_every_phase() -> None:
    done = Exchange(1, opened_ns=100, forwarded_ns=110, called_ns=130, started_ns=160, closed_ns=200, returned_ns=260)
    assert names(done) == [
        ("client", 10, False),
        ("queue", 20, False),
        ("application", 30, False),
        ("sending", 40, False),
        ("after", 60, False),
    ]
    assert total_ns(done) == 100


def test_phases_follow_each_other_without_gaps() -> None:
    done = Exchange(1, opened_ns=1, forwarded_ns=2, called_ns=3, started_ns=4, closed_ns=5, returned_ns=6)
    found = phases(done)
    assert all(before.end_ns == after.start_ns for before, after in pairwise(found))


def test_a_return_before_the_last_byte_leaves_nothing_after() -> None:
    done = Exchange(1, opened_ns=1, forwarded_ns=2, called_ns=3, started_ns=4, closed_ns=9, returned_ns=7)
    assert names(done)[-1] == ("sending", 5, False)


@pytest.mark.parametrize(
    ("times", "last"),
    [
        ({}, ("client", 50, True)),
        ({"forwarded_ns": 110}, ("queue", 40, True)),
        ({"forwarded_ns": 110, "called_ns": 120}, ("application", 30, True)),
        ({"forwarded_ns": 110, "called_ns": 120, "started_ns": 130}, ("sending", 20, True)),
        ({"forwarded_ns": 110, "called_ns": 120, "started_ns": 130, "closed_ns": 140}, ("after", 10, True)),
    ],
)
def test_what_runs_goes_on_until_now(times: dict[str, int], last: tuple[str, int, bool]) -> None:
    assert names(Exchange(1, opened_ns=100, **times), now=150)[-1] == last


def test_what_was_abandoned_ends_where_it_was_last_seen() -> None:
    assert names(Exchange(1, opened_ns=100, forwarded_ns=110, called_ns=120)) == [
        ("client", 10, False),
        ("queue", 10, False),
    ]


def test_without_a_probe_server_and_application_are_one() -> None:
    assert names(Exchange(1, opened_ns=1, forwarded_ns=2, first_byte_ns=8, closed_ns=9)) == [
        ("client", 1, False),
        ("server", 6, False),
        ("sending", 1, False),
    ]


def test_a_request_the_proxy_refused_was_all_client() -> None:
    assert names(Exchange(1, opened_ns=1, closed_ns=5)) == [("client", 4, False)]


def test_a_call_without_a_wire_is_the_application_alone() -> None:
    startup = Exchange(1, kind="lifespan", called_ns=10, returned_ns=40)
    assert names(startup) == [("application", 30, False)]
    assert total_ns(startup) == 30
    answered = Exchange(1, called_ns=10, started_ns=20, returned_ns=40)
    assert names(answered) == [("application", 10, False), ("sending", 20, False)]


def test_a_websocket_is_connected_and_not_sending() -> None:
    socket = Exchange(1, kind="websocket", opened_ns=1, forwarded_ns=2, called_ns=3, started_ns=4)
    assert names(socket, now=100)[-1] == ("connected", 96, True)


def test_an_answer_before_its_request_was_read_is_no_negative_time() -> None:
    early = Exchange(1, opened_ns=10, forwarded_ns=50, called_ns=40, started_ns=45, closed_ns=60)
    assert all(phase.length_ns > 0 for phase in phases(early))
    assert sum(phase.length_ns for phase in phases(early)) == 50


def test_total_counts_to_now_while_it_runs_and_is_unknown_without_a_beginning() -> None:
    assert total_ns(Exchange(1, opened_ns=10), now=25) == 15
    assert total_ns(Exchange(1, opened_ns=10)) == 0
    assert total_ns(Exchange(1), now=25) == 0


def test_every_phase_has_a_title_and_a_meaning() -> None:
    assert set(TITLES) == set(MEANINGS)
    assert Phase("queue", 1, 4).length_ns == 3
