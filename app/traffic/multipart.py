"""The parts of a multipart body, each with its header fields.

Pure. The parser is python-multipart, which the larger frameworks use: what it makes of a body is what most applications
see. Source: RFC 2046 section 5.1, RFC 7578 for forms.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser

from app.cancel import Abandoned, Cancelled, never

# What is broken is said on the screen; the parser's own lines about it are for nobody here.
logging.getLogger("python_multipart").addHandler(logging.NullHandler())

MOST = 1_000  #: parts that are shown
_STEP = 2**18  #: bytes given to the parser at a time

_PARAMETER = re.compile(r';\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))')


@dataclass(slots=True)
class Part:
    """One part. ``whole`` is false when its end was not seen."""

    headers: list[tuple[str, str]] = field(default_factory=list)
    content: bytes = b""
    whole: bool = False

    def get(self, name: str) -> str:
        """The first value of a header field, by its name in lower case."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def name(self) -> str:
        """What the form calls it."""
        return parameters(self.get("content-disposition")).get("name", "")

    @property
    def filename(self) -> str:
        """The name of the file that was sent; empty for a plain field."""
        return parameters(self.get("content-disposition")).get("filename", "")


def parameters(value: str) -> dict[str, str]:
    """The parameters of a header field's value, names in lower case."""
    found: dict[str, str] = {}
    for name, quoted, bare in _PARAMETER.findall(value):
        found.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or bare)
    return found


def parts(content: bytes, content_type: str, cancelled: Cancelled = never) -> tuple[list[Part], str]:
    """The parts in order, and what is wrong with the body in a sentence; empty when nothing is."""
    boundary = parameters(content_type).get("boundary", "")
    if not boundary:
        return [], "The content type names no boundary, so that the parts cannot be told apart."
    catcher = _Catcher()
    parser = MultipartParser(boundary.encode("latin-1", "replace"), catcher.callbacks())  # type: ignore[arg-type]
    try:
        for at in range(0, len(content), _STEP):
            if cancelled():
                raise Abandoned
            parser.write(content[at : at + _STEP])
            if len(catcher.parts) > MOST:
                return catcher.taken(), f"Only the first {MOST:,} parts are shown."
    except MultipartParseError as error:
        return catcher.taken(), f"It is broken after {len(catcher.parts)} parts: {str(error)[:200]}."
    return catcher.taken(), "" if catcher.ended else "The last boundary is missing."


class _Catcher:
    """Gathers what the parser calls back."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.ended = False
        self._name = bytearray()
        self._value = bytearray()
        self._pieces: list[bytes] = []

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_part_data": lambda data, start, end: self._pieces.append(data[start:end]),
            "on_part_end": self._end,
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header,
            "on_end": self._over,
        }

    def _begin(self) -> None:
        self._settle()
        self.parts.append(Part())

    def _settle(self) -> None:
        if self._pieces and self.parts:
            self.parts[-1].content = b"".join(self._pieces)
        self._pieces = []

    def _end(self) -> None:
        self._settle()
        self.parts[-1].whole = True

    def _header(self) -> None:
        # RFC 7578 section 5.1: names are often UTF-8 as they stand
        self.parts[-1].headers.append((self._name.decode("latin-1"), self._value.decode("utf-8", "backslashreplace")))
        self._name, self._value = bytearray(), bytearray()

    def _over(self) -> None:
        self.ended = True

    def taken(self) -> list[Part]:
        self._settle()
        return self.parts[:MOST]
