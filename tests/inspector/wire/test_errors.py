from __future__ import annotations

from inspector.wire.errors import BadFrame, BadRequest, BadResponse, WireError


def test_a_refused_request_carries_the_status_of_its_answer() -> None:
    assert BadRequest("why").status == 400
    assert BadRequest("why", 505).status == 505
    assert all(issubclass(kind, WireError) for kind in (BadRequest, BadResponse, BadFrame))
