"""A recorded message, its info read. Pure. Knows no rule and nothing of what comes before or after it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from inspector import tagged
from inspector.model import Message

#: Infos up to this length are those that come again and again ("more_body", "stop", "payload"), and are read once.
COMMON = 64


@dataclass(slots=True)
class Event:
    """A message with its info read. Fields as in ``inspector.model.Message``; nobody changes them."""

    seq: int
    t_ns: int
    direction: str
    type: str
    size: int
    payload: bytes | None
    tail: bytes
    info: dict[str, Any]

    @property
    def whole(self) -> bytes | None:
        """The payload, if all of it was kept."""
        return self.payload if self.payload is not None and len(self.payload) == self.size else None

    @property
    def more(self) -> bool:
        """Whether it says that more of the body follows."""
        return bool(self.info.get("more_body"))


def read(message: Message) -> Event:
    """``message`` as an event. Of a type that is a string of the application's own class, what it says counts."""
    text = message.info
    info = (_common(text) if len(text) < COMMON else _info(text)) if text else {}
    kind = message.type if message.type[:1] != "<" else _quoted(message.type)
    return Event(
        message.seq, message.t_ns, message.direction, kind, message.size, message.payload, message.tail, info
    )  # fmt: skip


def _info(text: str) -> dict[str, Any]:
    try:
        info = tagged.loads(text)
    except ValueError:
        return {}
    return info if isinstance(info, dict) else {}


_common = lru_cache(maxsize=512)(_info)


def _quoted(text: str) -> str:
    """Of ``<Type.START: 'http.response.start'>``, as an enumeration of strings prints, the string."""
    parts = text.split("'")
    return parts[1] if len(parts) == 3 else text
