"""How secrets look where they are shown: masked, until the user asks for them.

Pure. What is a secret ``inspector.secrets`` decides, for the window as for what leaves it.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.traffic import formats
from inspector.secrets import is_secret, mask_url


def dots(length: int) -> str:
    """What stands for a secret: how long it is, and nothing of it."""
    return f"•••••••• ({formats.count(length)} characters)"


def field(name: str, value: str, *, secrets: bool) -> str:
    """The value of a header; ``secrets``: as it is, whatever it is."""
    return dots(len(value)) if not secrets and is_secret(name) else value


def start_line(text: str, *, secrets: bool) -> str:
    """A start line, in whose target parameters may be secrets."""
    return text if secrets or "?" not in text else " ".join(map(mask_url, text.split(" ")))


def hides(start: str, names: Iterable[str]) -> bool:
    """Whether there is a secret in a start line, or behind one of these names of headers."""
    return start_line(start, secrets=False) != start or any(map(is_secret, names))
