"""Which header fields carry secrets, and how they look without them.

Pure. What is kept is what helps to understand an exchange: the scheme of credentials, the names of cookies, the
attributes of a cookie that is set. Only header fields are looked at; bodies and query strings are as they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "[masked]"

_SECRET = re.compile(
    r"(proxy-)?authorization|cookie|set-cookie2?|.*(api-?key|token|secret|password|passwd|credential|session-?id).*"
    r"|x-amz-signature|x-auth|x-auth-key|x-forwarded-access|.*private-key",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9_-]*) +\S")


def is_secret(name: str) -> bool:
    """Whether the value of the field ``name`` is not for others to see."""
    return _SECRET.fullmatch(name.replace("_", "-")) is not None


def mask(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """``headers`` with secret values masked."""
    return [(name, masked(name, value) if is_secret(name) else value) for name, value in headers]


def masked(name: str, value: str) -> str:
    """What may be shown of a secret ``value``."""
    match name.lower().replace("_", "-"):
        case "cookie":
            return "; ".join(_masked_pair(part) for part in value.split(";"))
        case "set-cookie":
            pair, semicolon, attributes = value.partition(";")
            return _masked_pair(pair) + semicolon + attributes
        case "authorization" | "proxy-authorization":
            scheme = _SCHEME.match(value)
            return f"{scheme[1]} {MASK}" if scheme else MASK
    return MASK


def _masked_pair(pair: str) -> str:
    name, equals, _ = pair.strip().partition("=")
    return f"{name}={MASK}" if equals else MASK
