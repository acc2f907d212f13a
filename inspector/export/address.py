"""Where a recorded request is to be sent again.

Pure. A client may name any Host, and whoever made a trace may have written any address into it. Our proxy listens on
this machine, so a request with its cookies goes here whatever was named; the name goes in the Host.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from inspector.heads import Head

#: Names of this machine (RFC 6761 section 6.3, RFC 1122 section 3.2.1.3), and nothing that a URL would read otherwise.
_LOOPBACK = re.compile(
    r"(?:(?:[a-z0-9-]+\.)*localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?", re.IGNORECASE | re.ASCII
)
_PORT = re.compile(r".*(:\d{1,5})", re.ASCII | re.DOTALL)
_ABSOLUTE = re.compile(r"(?:https?|wss?)://([^/?#]*)", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """``authority`` is where to, always on this machine. ``host`` is the Host to send there, empty if it is the same.

    ``whole`` says that the target is a URL of its own and can be taken as it is.
    """

    authority: str
    host: str = ""
    whole: bool = False


def address(target: str, head: Head, proxy: str = "") -> Address:
    """Where a request with this target and head goes. In absolute form the target names it (RFC 9112 section 3.2.2).

    ``proxy``: the URL at which it came in, as the trace tells; it counts where what the client named is no address.
    """
    absolute = _ABSOLUTE.match(target)
    named = absolute[1] if absolute else head.get("host")
    known = proxy.removeprefix("http://")
    known = known if _LOOPBACK.fullmatch(known) else ""
    if not named:
        return Address(known or "localhost")
    if _LOOPBACK.fullmatch(named):
        return Address(named, whole=absolute is not None)
    port = _PORT.fullmatch(named)
    return Address(known or "127.0.0.1" + (port[1] if port else ""), head.get("host"))
