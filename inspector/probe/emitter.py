"""The way out: frames to the supervisor over a nonblocking Unix socket, without ever holding up whoever calls.

Knows nothing of applications. A full socket makes frames wait in a bounded buffer, then detail is dropped and counted;
a supervisor that is gone makes everything here a no-op. Nothing raises.

The originals of the threading primitives are taken when this is imported: a server may patch them afterwards (gevent).
"""

import _socket
import _thread
import time
from marshal import loads

from .encode import encode, encode_all

_get_ident = _thread.get_ident
_sleep = time.sleep
_allocate_lock = _thread.allocate_lock
_start_new_thread = _thread.start_new_thread
_join = b"".join
_FLAGS = getattr(_socket, "MSG_NOSIGNAL", 0)  # whoever restored SIGPIPE's default must not die of us

#: Bytes that may wait for the supervisor: above the first messages are dropped, above the second everything is.
DETAIL_LIMIT = 1 << 20
HARD_LIMIT = 2 << 20

#: Seconds that a frame waits for company at most, and how many gather before they leave anyway.
GATHER = 0.012
GATHER_COUNT = 128

CONNECT_TIMEOUT = 2.0


class Emitter:
    """The connection of one process.

    ``now`` sends a frame at once, ``put`` lets it wait for company, ``finish`` sends it and all that waits. Frames of
    one call leave in the order they came if its first one goes by ``now``. ``open``: somebody listens; while false,
    frames are not even worth making.
    """

    __slots__ = (
        "open", "lost", "_socket", "_send", "_buffer", "_queue", "_queued", "_blocked", "_lock", "_owner", "_calm",
        "_wake", "_started",
    )  # fmt: skip

    def __init__(self):
        self._reset()

    def _reset(self):
        self.open = False
        self.lost = 0
        self._socket = None
        self._send = None
        self._buffer = []  # frames, as tuples
        self._queue = []  # what the socket did not take yet, as bytes
        self._queued = 0  # their number
        self._blocked = False  # the queue is not empty
        self._lock = _allocate_lock()
        self._owner = 0
        self._calm = True  # the flusher sleeps until somebody wakes it
        self._wake = None
        self._started = False

    def connect(self, path, hello):
        """Connect to ``path`` and say ``hello``, a tuple. Returns whether somebody was there."""
        sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            sock.settimeout(CONNECT_TIMEOUT)
            sock.connect(path)
            sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDBUF, DETAIL_LIMIT)
            sock.settimeout(0.0)
        except OSError:
            sock.close()
            return False
        self._socket = sock
        self._send = sock.send
        self.open = True
        self.now(encode(hello))
        return True

    def abandon(self):
        """Forget the connection, which belongs to the process that we were forked from. The peer does not notice."""
        if self._socket is not None:
            self._socket.close()
        self._reset()

    def put(self, frame):
        """Let ``frame``, a tuple that nobody changes any more, wait for company: ``GATHER`` seconds at most."""
        buffer = self._buffer
        buffer.append(frame)
        if self._calm:
            self._rouse()
        elif len(buffer) > GATHER_COUNT:
            self.flush()

    def finish(self, frame):
        """Send ``frame``, a tuple, and all that waits."""
        self._buffer.append(frame)
        self.flush()

    def flush(self):
        """Send what waits, as far as the socket takes it."""
        self.now(b"")

    def now(self, data):
        """Send an encoded frame, before those that wait. Without one, send those."""
        if not self._lock.acquire(False):
            if self._owner == _get_ident():  # below us on this stack: we are in a signal handler or a finalizer
                self._leave(data)
                return
            self._lock.acquire()
        self._owner = _get_ident()
        try:
            if self._blocked:
                self._unblock()
            if data:
                self._write(data, HARD_LIMIT)
            else:
                self._drain()
        finally:
            self._owner = 0
            self._lock.release()

    def _leave(self, data):
        if data:
            self._buffer.append(loads(data[4:]))
        if self._calm:
            self._rouse()

    def _drain(self):
        buffer = self._buffer
        while buffer:
            frames = buffer[:GATHER_COUNT]
            del buffer[:GATHER_COUNT]
            if not self._blocked:
                self._write(encode_all(frames), HARD_LIMIT)
                continue
            for frame in frames:  # one by one: some may have to be dropped
                self._write(encode(frame), DETAIL_LIMIT if frame[0] == "msg" else HARD_LIMIT)

    def _write(self, data, limit):
        if self._blocked:
            if self._queued + len(data) > limit:
                self.lost += 1
            else:
                self._queue.append(data)
                self._queued += len(data)
            return
        sent = self._try(data)
        if sent != len(data):
            self._queue.append(data[sent:])
            self._queued = len(data) - sent
            self._blocked = True
            if self._calm:
                self._rouse()

    def _try(self, data):
        if self.open:
            try:
                return self._send(data, _FLAGS)
            except BlockingIOError:
                return 0
            except OSError:
                self.open = False
                self._socket.close()
        return len(data)  # to nobody

    def _unblock(self):
        data = _join(self._queue)
        sent = self._try(data)
        self._queue[:] = [data[sent:]] if sent < len(data) else []
        self._queued = len(data) - sent
        self._blocked = self._queued > 0
        if self.lost and not self._blocked:
            count, self.lost = self.lost, 0
            self._write(encode(("lost", count)), HARD_LIMIT)

    def _rouse(self):
        """See to it that the flusher looks soon. It starts when it is first needed, so that a master never has one."""
        self._calm = False
        try:
            if self._started:
                self._wake.release()
            else:
                self._started = True
                self._wake = _allocate_lock()
                self._wake.acquire()
                _start_new_thread(self._flusher, (self._wake,))
        except RuntimeError:  # already awake; or no thread to be had, and then the next call's end flushes
            pass

    def _flusher(self, wake):
        while self._wake is wake:
            _sleep(GATHER)
            if self._buffer or self._blocked:
                self.flush()
            else:
                self._calm = True
                if not self._buffer:
                    wake.acquire()
                self._calm = False
