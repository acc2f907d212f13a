"""Where the time went."""

from __future__ import annotations

from inspector.export.timings import MEANINGS, moment, timings
from inspector.model import Exchange

MS = 1_000_000


def test_every_part_of_an_exchange_that_the_probe_saw():
    exchange = Exchange(
        1, opened_ns=1 * MS, forwarded_ns=2 * MS, called_ns=4 * MS, started_ns=8 * MS, first_byte_ns=9 * MS,
        last_app_ns=10 * MS, answered_ns=11 * MS, closed_ns=12 * MS, returned_ns=26 * MS,
    )  # fmt: skip
    found = timings(exchange)
    assert found == {
        "wait": 1, "queue": 2, "app": 4, "sending": 2, "buffered": 1, "held": 1, "after": 14,
        "send": 4, "ttfb": 8, "total": 11,
    }  # fmt: skip
    assert set(found) < set(MEANINGS)


def test_without_a_probe():
    exchange = Exchange(1, opened_ns=1 * MS, forwarded_ns=2 * MS, first_byte_ns=9 * MS, closed_ns=12 * MS)
    spans = {"send": 3, "ttfb": 8, "total": 11}
    assert timings(exchange) == {"wait": 1, "server": 7, "sending": 3, **spans}
    exchange.answered_ns = 12 * MS
    assert timings(exchange) == {"wait": 1, "server": 7, "sending": 3, "held": 0, **spans}


def test_without_a_proxy():
    exchange = Exchange(1, called_ns=4 * MS, returned_ns=5 * MS)
    assert timings(exchange) == {"app": 1, "total": 1}


def test_what_has_not_happened_is_left_out_and_nothing_is_negative():
    assert timings(Exchange(1)) == {}
    assert timings(Exchange(1, opened_ns=5, forwarded_ns=6)) == {"wait": 0}
    assert timings(Exchange(1, opened_ns=9 * MS, forwarded_ns=2 * MS))["wait"] == 0


def test_a_moment_of_any_number():
    assert moment(1_700_000_000_123_456_789).isoformat() == "2023-11-14T22:13:20.123456+00:00"
    assert moment(10**30).year == moment(-(10**22)).year == 1970
