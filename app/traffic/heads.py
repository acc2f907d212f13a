"""The head of a request or response as it was on the wire, taken apart for display.

Pure and forgiving: the proxy has judged the bytes (RFC 9112), this only shows them. Bytes are read as latin-1, which
loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

#: What may stand around a value (RFC 9110 section 5.6.3). A byte that is a blank in latin-1 may end one in UTF-8.
_BLANK = " \t"


@dataclass(frozen=True, slots=True)
class Head:
    """The start line and the header fields in order, with the case they had."""

    start_line: str
    headers: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """The first value of a field, by its name in lower case; empty if there is none."""
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return ""


def parse_head(raw: bytes) -> Head:
    """``raw`` up to its blank line. A line without a colon becomes a value without a name; folded ones are joined."""
    text = raw.decode("latin-1")
    head, _, _ = text.replace("\r\n", "\n").partition("\n\n")
    first, *rest = head.rstrip("\n").split("\n")
    headers: list[tuple[str, str]] = []
    for line in rest:
        if line[:1] in (" ", "\t") and headers:  # obsolete line folding, RFC 9112 section 5.2
            name, value = headers[-1]
            headers[-1] = (name, f"{value} {line.strip(_BLANK)}")
            continue
        name, colon, value = line.partition(":")
        headers.append((name, value.strip(_BLANK)) if colon else ("", line))
    return Head(first, tuple(headers))
