"""Exchanges of two recordings find their partners."""

from __future__ import annotations

from inspector.model import Exchange, Kind
from inspector.pairing import Pair, pair


def asked(identity: int, target: str, *, method: str = "GET", at: int = 0, kind: str = Kind.HTTP) -> Exchange:
    return Exchange(identity, kind=kind, method=method, target=target, opened_ns=at or identity)


def numbers(pairs: tuple[Pair, ...]) -> list[tuple[int, int]]:
    return [(found.one.id if found.one else 0, found.other.id if found.other else 0) for found in pairs]


def test_the_same_request_is_paired_in_the_order_it_was_asked() -> None:
    one = [asked(1, "/a"), asked(2, "/b"), asked(3, "/a"), asked(4, "/a", method="POST")]
    other = [asked(7, "/a", method="POST"), asked(9, "/a", at=20), asked(8, "/a", at=30), asked(6, "/b", at=40)]
    found = pair(one, other)
    assert numbers(found.pairs) == [(1, 9), (2, 6), (3, 8), (4, 7)]
    assert found.left_out == 0


def test_what_has_no_partner_is_told_of_both_sides() -> None:
    found = pair([asked(1, "/a"), asked(2, "/a")], [asked(1, "/a"), asked(2, "/c")])
    assert numbers(found.pairs) == [(1, 1), (2, 0), (0, 2)]
    assert [each.asked.target for each in found.pairs] == ["/a", "/a", "/c"]


def test_what_has_not_one_answer_is_left_out() -> None:
    one = [asked(1, "/ws", kind=Kind.WEBSOCKET), asked(2, "", kind=Kind.LIFESPAN), asked(3, "/events", kind=Kind.SSE)]
    found = pair(one, [asked(1, "", method="")])
    assert numbers(found.pairs) == [(3, 0)]
    assert found.left_out == 3
