"""Files of environment variables (``.env``): ``NAME=value`` lines, as most tools read them.

Pure. Values are taken as they stand: no variable is put into another, no command is run.
"""

from __future__ import annotations

import re

_NAME = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*", re.ASCII)
_SINGLE = re.compile(r"'([^']*)'")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_REST = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|$)")
_BARE = re.compile(r"[^\n]*")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$", "\n": ""}


class DotenvError(ValueError):
    """A line that sets nothing; the text says which and why."""


def parse(text: str) -> tuple[tuple[str, str], ...]:
    """The variables in ``text``, in order. Raises DotenvError.

    In double quotes ``\\n``, ``\\t``, ``\\"`` and ``\\\\`` are escapes, and a value may go on over several lines; in
    single quotes everything stands for itself. Without quotes a value ends at `` #`` or at the end of its line.
    """
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end].strip()
        if not line or line.startswith("#"):
            at = end + 1
            continue
        name, value, at = _assignment(text, at)
        found.append((name, value))
    return tuple(found)


def _assignment(text: str, at: int) -> tuple[str, str, int]:
    number = text.count("\n", 0, at) + 1
    blank = len(text[at:]) - len(text[at:].lstrip(" \t"))
    named = _NAME.match(text, at + blank)
    if named is None or "\n" in named[0].rstrip():
        raise DotenvError(f"line {number} is not NAME=value")
    at = named.end() if "\n" not in named[0] else text.index("\n", named.start())
    quote = text[at : at + 1]
    if quote not in ("'", '"') or not quote:
        bare = _BARE.match(text, at)
        assert bare is not None
        return named[1], re.split(r"(?:^|\s)#", bare[0], maxsplit=1)[0].strip(), bare.end() + 1
    quoted = (_SINGLE if quote == "'" else _DOUBLE).match(text, at)
    rest = _REST.match(text, quoted.end()) if quoted else None
    if quoted is None or rest is None:
        raise DotenvError(f"the quotes of line {number} are not closed, or something follows them")
    value = quoted[1] if quote == "'" else re.sub(r"\\(.)", _unescape, quoted[1], flags=re.DOTALL)
    return named[1], value, rest.end()


def _unescape(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[1], found[0])
