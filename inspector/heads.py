"""The raw head of a request or a response, taken apart.

Pure and forgiving: the proxy has judged the bytes (RFC 9112), this only says what they hold. Bytes are read as latin-1,
which loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

Headers = list[tuple[str, str]]
#: What may stand around a value (RFC 9110 section 5.6.3), and not all that Python calls white space: a character that
#: was written as UTF-8 may end in a byte that is a blank in latin-1.
_BLANK = " \t"


@dataclass(frozen=True, slots=True)
class Head:
    """The start line, and the fields in their order and case."""

    first: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """The value of the first field called ``name`` (in lower case), or an empty string."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def reason(self) -> str:
        """The reason phrase of a response (RFC 9112 section 4)."""
        return self.first.split(" ", 2)[2] if self.first.count(" ") > 1 else ""


def parse_head(raw: bytes) -> Head:
    """``raw`` up to its blank line. A folded line belongs to the field before it (RFC 9112 section 5.2)."""
    first, *lines = raw.decode("latin-1").replace("\r\n", "\n").partition("\n\n")[0].split("\n")
    headers: Headers = []
    for line in lines:
        if line[:1] in (" ", "\t") and headers:
            name, value = headers[-1]
            headers[-1] = (name, f"{value} {line.strip(_BLANK)}")
        elif line:
            name, _, value = line.partition(":")
            headers.append((name, value.strip(_BLANK)))
    return Head(first, tuple(headers))
