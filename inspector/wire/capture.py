"""Keeps of a body what the record keeps: its length, its first and last bytes, and its hash once bytes were dropped.

Memory stays within the two limits however long the body. Knows nothing of framing.
"""

from __future__ import annotations

import hashlib
from collections import deque

from inspector.model import Body


class Capture:
    """One body on its way. ``add`` its content piece by piece; ``settle`` writes what is known into a ``Body``.

    Pieces are joined in ``settle`` only, so that a stream of many small ones costs no copying for each.
    """

    __slots__ = ("_hash", "_head", "_head_room", "_settled", "_tail", "_tail_limit", "_tail_size", "size")

    def __init__(self, head_limit: int, tail_limit: int) -> None:
        self.size = 0
        self._head: list[bytes] = []
        self._head_room = head_limit
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._tail_limit = tail_limit
        self._hash: hashlib._Hash | None = None
        self._settled = 0

    def add(self, piece: bytes) -> None:
        """More of the content, in order."""
        self.size += len(piece)
        if self._hash is not None:
            self._hash.update(piece)
        elif len(piece) > self._head_room + self._tail_limit - self._tail_size:
            self._hash = hashlib.sha256(b"".join((*self._head, *self._tail)))
            self._hash.update(piece)
        if self._head_room:
            taken = piece[: self._head_room]
            self._head.append(taken)
            self._head_room -= len(taken)
            piece = piece[len(taken) :]
        if piece:
            self._keep_last(piece)

    def _keep_last(self, piece: bytes) -> None:
        if len(piece) >= self._tail_limit:
            self._tail.clear()
            piece = piece[len(piece) - self._tail_limit :]
            self._tail_size = 0
        self._tail.append(piece)
        self._tail_size += len(piece)
        while self._tail_size > self._tail_limit:
            first = self._tail.popleft()
            kept = first[self._tail_size - self._tail_limit :]
            self._tail_size -= len(first) - len(kept)
            if kept:
                self._tail.appendleft(kept)

    def settle(self, body: Body) -> None:
        """Bring ``body`` up to what has passed until now."""
        if self.size == self._settled:
            return
        self._settled = self.size
        body.size = self.size
        if len(self._head) > 1:
            self._head = [b"".join(self._head)]
        body.head = self._head[0] if self._head else b""
        if len(self._tail) > 1:
            self._tail = deque((b"".join(self._tail),))
        body.tail = self._tail[0] if self._tail else b""
        body.sha256 = self._hash.hexdigest() if self._hash is not None else ""
