"""Header fields as they stand in messages, scopes and heads: read with patience, since they may be of any shape.

Pure, and without a rule.
"""

from __future__ import annotations

import re
from typing import Any

from inspector.heads import parse_head
from inspector.secrets import MASK, is_secret
from inspector.tagged import Opaque

Field = tuple[bytes, bytes]

#: No length has as many; Python itself refuses to read very long numbers.
DIGITS = 19

#: RFC 9110 section 5.6.2.
TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")


def pairs(value: Any) -> list[Field]:
    """The pairs of bytes in ``value``; what is something else is left out."""
    if not isinstance(value, list | tuple):
        return []
    found = []
    for item in value:
        if isinstance(item, list | tuple) and len(item) == 2:
            name, text = item
            if isinstance(name, bytes) and isinstance(text, bytes):
                found.append((name, text))
    return found


def misshapen(value: Any) -> str:
    """What in ``value`` is no pair of bytes, in words; empty if all is well, or may be: objects did not travel."""
    if isinstance(value, Opaque):
        return ""
    if not isinstance(value, list | tuple):
        return f"headers is {a(value)}"
    for item in value:
        if isinstance(item, Opaque):
            continue
        if not isinstance(item, list | tuple) or len(item) != 2:
            return f"{shown(item)} is not a pair"
        for part in item:
            if not isinstance(part, bytes | Opaque):
                return f"{shown(part)} is {a(part)}"
    return ""


def head_fields(head: bytes) -> list[Field]:
    """The fields of a head as it was on the wire: names in lower case, values without the space around them."""
    return [(name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in parse_head(head).headers]


def first(fields: list[Field], name: bytes) -> bytes | None:
    """The value of the first field called ``name``, which is in lower case; None if there is none."""
    return next((text for key, text in fields if key == name), None)


def length(fields: list[Field]) -> int | None:
    """The Content-Length, if there is one and it says one number."""
    said = {text for name, text in fields if name == b"content-length"}
    if len(said) != 1:
        return None
    [text] = said
    return int(text) if text.isdigit() and len(text) < DIGITS else None


def a(value: Any) -> str:
    """The type of ``value``, with its article."""
    name = value.type.rpartition(".")[2] if isinstance(value, Opaque) else type(value).__name__
    if name == "NoneType":
        return "None"
    return f"an {name}" if name[:1] in "aeiouAEIOU" else f"a {name}"


def shown(value: Any) -> str:
    """``value`` as Python writes it, not too long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def told(name: Any, value: Any) -> str:
    """``value``, of a header or variable called ``name``, as ``shown``; masked if it may be a secret: findings are
    printed, copied and sent to others.
    """
    text = name.decode("latin-1") if isinstance(name, bytes) else str(name)
    return MASK if is_secret(text.upper().removeprefix("HTTP_")) else shown(value)
