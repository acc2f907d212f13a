"""How secrets look where they are shown: masked, until the user asks for them.

Pure. What is a secret ``inspector.secrets`` decides, for the window as for what leaves it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from app.traffic import formats
from inspector.secrets import carries_url, is_secret, mask_url


def dots(length: int) -> str:
    """What stands for a secret: how long it is, and nothing of it."""
    return f"•••••••• ({formats.count(length)} characters)"


def field(name: str, value: str, *, secrets: bool) -> str:
    """The value of a header; ``secrets``: as it is, whatever it is."""
    if secrets:
        return value
    if carries_url(name):
        return mask_url(value)
    return dots(len(value)) if is_secret(name) else value


@lru_cache(maxsize=4096)  # a table asks for the same ones with each frame
def _masked(target: str) -> str:
    return mask_url(target)


def target(text: str) -> str:
    """A request's target as lists and headlines show it: without the values of secret parameters."""
    return _masked(text) if "?" in text else text


def start_line(text: str, *, secrets: bool) -> str:
    """A start line, in whose target parameters may be secrets."""
    return text if secrets or "?" not in text else " ".join(map(mask_url, text.split(" ")))


def asked(method: str, target_: str, limit: int = 120) -> str:
    """What was asked for, on one line."""
    return f"{method} {formats.cell(target(target_), limit)}".strip()


def hides(start: str, headers: Iterable[tuple[str, str]]) -> bool:
    """Whether there is a secret in a start line, or in one of these headers."""
    hidden = any(field(name, value, secrets=False) != value for name, value in headers)
    return hidden or start_line(start, secrets=False) != start
