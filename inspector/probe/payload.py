"""How much of a body is kept: its first bytes, and once something was cut, its last ones and a hash.

Pure. Knows neither WSGI nor ASGI.
"""


class Kept:
    """One body as it passes in pieces.

    The hash covers the whole body but is computed only if something is cut, from the pieces kept until then.
    """

    __slots__ = ("_room", "_pieces", "_hash", "_tail", "_tail_limit")

    def __init__(self, head, tail):
        self._room = head
        self._pieces = []
        self._hash = None
        self._tail = b""
        self._tail_limit = tail

    def take(self, data, final=False):
        """What to keep of the piece ``data``: ``(payload, tail, sha256)``; the last two only at the end of a cut
        body.
        """
        if self._hash is None:
            size = len(data)
            if size <= self._room:
                self._room -= size
                self._pieces.append(data)
                return data, b"", ""
            self._begin_to_cut()
        self._hash.update(data)
        payload = data[: self._room]
        self._remember(data[self._room :])
        self._room = 0
        if not final:
            return payload, b"", ""
        return (payload,) + self.end()

    def end(self):
        """``(tail, sha256)`` of a body that was cut, empty ones of one that was not."""
        if self._hash is None:
            return b"", ""
        return self._tail, self._hash.hexdigest()

    def _begin_to_cut(self):
        from hashlib import sha256  # not at the top: most processes never cut, and it costs start-up time

        self._hash = sha256()
        for piece in self._pieces:
            self._hash.update(piece)
        self._pieces = None

    def _remember(self, dropped):
        limit = self._tail_limit
        if limit:
            self._tail = dropped[-limit:] if len(dropped) >= limit else (self._tail + dropped)[-limit:]
