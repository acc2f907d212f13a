"""Which header fields and parameters carry secrets, and how they look without them.

Pure. What is kept is what helps to understand an exchange: the scheme of credentials, the names of cookies, the
attributes of a cookie that is set, the names of parameters. Header fields and query strings are looked at; bodies are
as they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote_plus

MASK = "[masked]"

_SECRET = re.compile(
    r"(proxy-)?authorization|cookie|set-cookie2?|.*(api-?key|token|secret|password|passwd|credential|session-?id).*"
    r"|x-amz-signature|x-auth|x-auth-key|x-forwarded-access|.*private-key",
    re.IGNORECASE,
)
#: Parameters of a query: names of their own, since "key" or "code" in one carries what a header of that name does not.
_SECRET_PARAMETER = re.compile(
    r"key|code|sig|jwt|auth|pass|pwd|.*(signature|assertion|private-?key|passphrase|access-?key)", re.IGNORECASE
)
#: Fields whose value is a URL with a query.
_URLS = {"referer", "location", "content-location"}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9_-]*) +\S")


def carries_url(name: str) -> bool:
    """Whether the value of the field ``name`` is a URL, whose query may have secrets."""
    return name.lower().replace("_", "-") in _URLS


def is_secret(name: str) -> bool:
    """Whether the value of the field ``name`` is not for others to see."""
    return _SECRET.fullmatch(name.replace("_", "-")) is not None


def mask(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """``headers`` with secret values masked."""
    return [(name, _masked_field(name, value)) for name, value in headers]


def _masked_field(name: str, value: str) -> str:
    if carries_url(name):
        return mask_url(value)
    return masked(name, value) if is_secret(name) else value


def is_secret_parameter(name: str) -> bool:
    """Whether the value of the query's parameter ``name`` (decoded) is not for others to see."""
    plain = name.replace("_", "-")
    return is_secret(plain) or _SECRET_PARAMETER.fullmatch(plain) is not None


def mask_url(url: str) -> str:
    """``url``, or a request's target, with the values of secret parameters masked; everything else as it was."""
    path, mark, rest = url.partition("?")
    query, hash_, fragment = rest.partition("#")
    return path + mark + "".join(_masked_parameter(part) for part in re.split("([&;])", query)) + hash_ + fragment


def _masked_parameter(part: str) -> str:
    name, equals, value = part.partition("=")
    return f"{name}={MASK}" if equals and value and is_secret_parameter(unquote_plus(name)) else part


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
