"""Connections to the server that a replay is sent to, encrypted where its address says so; and why there is none.

Knows addresses and certificates, not what is said over a connection.
"""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlsplit

#: What an address begins with, and whether what follows is encrypted.
SCHEMES = {"http": False, "ws": False, "https": True, "wss": True}
#: OpenSSL's numbers for what is wrong with a certificate: its time (9, 10), and whom it is for (62 to 64).
_WRONG_TIME, _WRONG_NAME = (9, 10), (62, 63, 64)


class Address:
    """Where a server listens. Raises ValueError for a text that is none."""

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host, port, encrypted = parts.hostname, parts.port, SCHEMES[parts.scheme]
        except (KeyError, ValueError):
            host = None
        if not (host and url.isascii()):
            raise ValueError(f"{url!r} is not an address")
        self.url = url
        self.encrypted = encrypted
        self.host = host
        self.port = port or (443 if encrypted else 80)
        #: What a Host field says of it (RFC 9110 section 7.2).
        self.authority = parts.netloc.rpartition("@")[2]
        self._context: ssl.SSLContext | None = None

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection of its own. Raises OSError, which ``why_not`` has words for."""
        if self.encrypted and self._context is None:  # which reads the system's certificates
            self._context = await asyncio.to_thread(ssl.create_default_context)
        return await asyncio.open_connection(self.host, self.port, ssl=self._context)

    def why_not(self, error: OSError) -> str:
        """Why there is no connection, and what would help where that is not plain."""
        match error:
            case ssl.SSLCertVerificationError():
                return self._why_distrusted(error)
            case ssl.SSLError():
                reason = (error.reason or str(error)).replace("_", " ").lower()
                return (
                    f"no encrypted connection to {self.url} came about ({reason}); if it speaks plain HTTP, say http://"
                )
            case _:
                return f"nothing could be reached at {self.url} ({error})"

    def _why_distrusted(self, error: ssl.SSLCertVerificationError) -> str:
        what = f"the certificate of {self.url} was not accepted ({error.verify_message.rstrip('.')})"
        if error.verify_code in _WRONG_TIME:
            return f"{what}; renew it, or set this machine's clock"
        if error.verify_code in _WRONG_NAME:
            return f"{what}; say the address by a name that it is for"
        return f"{what}; name the file of who signed it, or of itself, in the variable SSL_CERT_FILE"
