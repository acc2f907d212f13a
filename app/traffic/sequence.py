"""The messages of an exchange as lines of a list: times, direction, names, and which of them a filter lets through.

Pure. A message is what ``inspector.model.Message`` holds; its payload may have been cut or not recorded.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeGuard

from app.traffic import formats, secrecy
from inspector import tagged
from inspector.model import Direction, Message, Side

#: The order of the list's columns.
COLUMNS = ("Time", "Since last", "Side", "", "Message", "Size", "Content")

_PREVIEW_BYTES = 200
#: Before a text to look for: it is a regular expression.
REGEX = "~"
#: Bytes of a payload that are held of each message; the rest is read when one looks at it.
KEPT = 1024


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages to show; empty fields let everything through.

    ``text`` is looked for without regard to case; after ``~`` it is a regular expression, as in the filter bar.
    """

    side: str = ""
    direction: str = ""
    text: str = ""

    @property
    def error(self) -> str:
        """What is wrong with the regular expression; empty when nothing is."""
        return "" if not self.text.startswith(REGEX) else _compiled(self.text[1:])[1]

    def accepts(self, message: Message) -> bool:
        """Whether ``message`` is to be shown."""
        if self.side and message.side != self.side:
            return False
        if self.direction and message.direction != self.direction:
            return False
        return self.mentions(message)

    def mentions(self, message: Message) -> bool:
        """Whether its name, keys or payload have the text; any has no text. A broken expression finds nothing."""
        if not self.text:
            return True
        payload = ((message.payload or b"") + b"\n" + message.tail).decode("utf-8", "replace")
        places = (message.type, message.info, payload)
        if self.text.startswith(REGEX):
            pattern, _ = _compiled(self.text[1:])
            return pattern is not None and any(pattern.search(place) for place in places)
        wanted = self.text.casefold()
        return any(wanted in place.casefold() for place in places)


@lru_cache(maxsize=16)
def _compiled(pattern: str) -> tuple[re.Pattern[str] | None, str]:
    """The expression, or None and what is wrong with it."""
    try:
        return re.compile(pattern, re.IGNORECASE), ""
    except (re.error, OverflowError, RecursionError) as error:
        return None, str(error)


def slim(message: Message) -> Message:
    """A message with the beginning of its payload only: what a list of very many can hold."""
    if message.payload is None or len(message.payload) <= KEPT:
        return message
    return replace(message, payload=message.payload[:KEPT], tail=b"")


def is_slim(message: Message) -> bool:
    """Whether ``message`` may have been more than it is."""
    return message.payload is not None and len(message.payload) == KEPT < message.size


def line(message: Message, began: int, *, secrets: bool = False) -> str:
    """A message as a line of text, for the clipboard: time, who saw it, direction, name, size, content.

    ``secrets``: with the values of headers that are masked otherwise.
    """
    size = formats.size(message.size) if message.size else ""
    parts = (
        formats.interval(message.t_ns - began),
        side(message),
        arrow(message),
        message.type,
        size,
        preview(message, secrets=secrets),
    )
    return "\t".join(parts)


def said(message: Message) -> dict[str, Any]:
    """A message's keys beside its payload, as they were; empty for one without, or whose keys cannot be read."""
    try:
        value = tagged.loads(message.info) if message.info else {}
    except (ValueError, TypeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def arrow(message: Message) -> str:
    """Which way it went: to the right is towards the application."""
    return "→" if message.direction == Direction.IN else "←"


def side(message: Message) -> str:
    """Who saw it, in the list's words."""
    return "wire" if message.side == Side.WIRE else "app"


def preview(message: Message, *, secrets: bool = False) -> str:
    """The beginning of what it carries, on one line."""
    if message.payload:
        return formats.cell(message.payload[:_PREVIEW_BYTES].decode("utf-8", "replace"), 160)
    return formats.cell(_brief_info(message.info, secrets=secrets), 160) if message.info else ""


def has_secrets(message: Message) -> bool:
    """Whether some of what it says is masked."""
    return pretty_info(message.info) != pretty_info(message.info, secrets=True)


def _brief_info(info: str, *, secrets: bool) -> str:
    """Tagged JSON made shorter for a list: bytes as their text, no quotes around keys."""
    try:
        value = json.loads(info, object_hook=_plain)
    except ValueError:
        return info
    if isinstance(value, dict):
        return ", ".join(f"{key}={_short(_masked(item, secrets=secrets))}" for key, item in value.items())
    return _short(value)


def _plain(pairs: dict[str, object]) -> object:
    if len(pairs) == 1:
        [(key, value)] = pairs.items()
        if key in ("$bytes", "$tuple", "$int", "$float"):
            return value
    return pairs


def _short(value: object) -> str:
    if isinstance(value, list) and len(value) > 3:
        return f"[{len(value)}]"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _masked(value: object, *, secrets: bool) -> object:
    """A value of a message, or where it is a list of headers, that list with its secrets masked."""
    if secrets or not _is_pairs(value):
        return value
    return [[name, secrecy.field(str(name), str(content), secrets=False)] for name, content in value]


def _is_pairs(value: object) -> TypeGuard[list[list[object]]]:
    return isinstance(value, list) and bool(value) and all(isinstance(i, list) and len(i) == 2 for i in value)


def pretty_info(info: str, *, secrets: bool = False) -> str:
    """A message's other keys, one a line, for the pane under the list."""
    if not info:
        return ""
    try:
        value = json.loads(info, object_hook=_plain)
    except ValueError:
        return info
    if not isinstance(value, dict):
        return json.dumps(value, indent=2, ensure_ascii=False)
    return "\n".join(_pretty_member(key, _masked(item, secrets=secrets)) for key, item in value.items())


def _pretty_member(key: str, value: object) -> str:
    if _is_pairs(value):
        fields = "\n".join(f"    {name}: {content}" for name, content in value)
        return f"{key}:\n{fields}"
    return f"{key}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"


def _elsewhere(message: Message) -> str:
    if message.side == Side.WIRE and message.type.startswith(("request.", "response.")):
        tab = "Request" if message.direction == Direction.IN else "Response"
        return f"{formats.size(message.size)} passed at this moment; the bytes are in the {tab} tab."
    return f"The payload ({formats.size(message.size)}) was not recorded."


def cut_note(message: Message) -> str:
    """What of a payload is missing, in a sentence; empty when nothing is."""
    if message.payload is None:
        return _elsewhere(message) if message.size else ""
    kept = len(message.payload) + len(message.tail)
    if kept >= message.size:
        return ""
    note = f"the first {len(message.payload):,}"
    if message.tail:
        note += f" and the last {len(message.tail):,}"
    return f"Cut while recording: {note} of {message.size:,} bytes were kept."
