"""The response that an application gave, in one form for both interfaces: status, fields, and the pieces of its body.

Pure, and without a rule.
"""

from __future__ import annotations

from dataclasses import dataclass

from inspector.contract.case import Case, Event
from inspector.contract.fields import Field, pairs
from inspector.contract.wsgi_call import Call


@dataclass(slots=True)
class Answer:
    """What one application answered to one HTTP request."""

    start: Event
    status: int
    fields: list[Field]  #: names in lower case
    body: list[Event]  #: the pieces that hold something
    whole: bool  #: the application handed over all that it wanted, and every piece was recorded
    end: Event | None  #: the event that ended it

    def has(self, name: bytes) -> bool:
        """Whether there is a field called ``name``, which is in lower case."""
        return any(key == name for key, _ in self.fields)

    def values(self, name: bytes) -> list[bytes]:
        """The values of all fields called ``name``."""
        return [text for key, text in self.fields if key == name]

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return sum(piece.size for piece in self.body)


def answer_of(case: Case) -> Answer | None:
    """The answer in ``case``; None if there is none that could be judged."""
    if case.protocol == "http":
        return _asgi(case)
    return _wsgi(case, case.view(Call)) if case.wsgi else None


def _asgi(case: Case) -> Answer | None:
    start = case.walk.start or next((event for event in case.app if event.type == "http.response.start"), None)
    if start is None or start.direction != "out":
        return None
    status = start.info.get("status")
    fields = [(name.lower(), text) for name, text in pairs(start.info.get("headers"))]
    pieces = [event for event in case.app if event.type == "http.response.body" and event.direction == "out"]
    by_file = any(event.type.endswith("send") and event.type.startswith("http.response.") for event in case.app)
    ended = pieces[-1] if pieces else None
    whole = ended is not None and not ended.more and case.complete and not by_file  # whether the server took it or not
    body = [event for event in pieces if event.size]
    return Answer(start, status if type(status) is int else case.exchange.status, fields, body, whole, ended)


def _wsgi(case: Case, call: Call) -> Answer | None:
    start = call.announced or next(iter(call.starts), None)  # what the server refused is said all the same
    if start is None:
        return None
    fields = [(name.encode("latin-1", "replace"), text.encode("latin-1", "replace")) for name, text in start.pairs]
    by_file = call.result is not None and call.result.info.get("file") is True
    whole = call.exhausted is not None and case.complete and call.failure is None and not by_file
    return Answer(start.event, start.code, fields, call.data, whole, call.exhausted)
