"""Which exchanges belong together, and percentiles of how long they took.

Pure. A route is a method and a path in which parts that look like identifiers may be anything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

_VARIABLE = re.compile(r"\d+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9a-fA-F]{12,}")


def route_of(path: str) -> str:
    """``/items/{}/tags`` for ``/items/41/tags``: numbers, UUIDs and long hexadecimal names may be anything."""
    return "/".join("{}" if _VARIABLE.fullmatch(part) else part for part in path.split("/"))


def percentile(ordered: Sequence[int], percent: int) -> int:
    """The smallest value that at least ``percent`` of a hundred are not above (nearest rank)."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
