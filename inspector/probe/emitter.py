"""The way out: frames to the supervisor, without ever holding up whoever calls.

Knows nothing of applications. A lack of room makes frames wait in a bounded buffer, then detail is dropped and counted;
a supervisor that is gone makes everything here a no-op. Nothing raises.

The originals of the threading primitives are taken when this is imported: a server may patch them afterwards (gevent).
"""

import _socket
import _thread
import time

from .encode import encode
from .ring import RingWriter

#: The type of the message that stands for those of a call which were dropped; its size is how many.
LOST = "lost"

#: What is sent over the socket when somebody sleeps who should read the ring.
BELL = encode(("bell",))

_get_ident = _thread.get_ident
_sleep = time.sleep
_allocate_lock = _thread.allocate_lock
_start_new_thread = _thread.start_new_thread
_join = b"".join
_FLAGS = getattr(_socket, "MSG_NOSIGNAL", 0)  # whoever restored SIGPIPE's default must not die of us

#: Bytes that may wait for the supervisor: above the first messages are dropped, above the second everything is.
DETAIL_LIMIT = 1 << 20
HARD_LIMIT = 2 << 20

#: Seconds that a message waits for company at most, and how many of one call gather before they leave anyway.
GATHER = 0.012
GATHER_COUNT = 128

#: Pieces of the queue that are tried at once when there was no room.
UNBLOCK_COUNT = 64

#: How often the flusher finds that no call has begun before it sleeps until it is roused: to wake a thread costs a call
#: more than all that is recorded of it.
IDLE_TICKS = 20

CONNECT_TIMEOUT = 2.0


def _to_nobody(data):
    return len(data)


class Emitter:
    """The connection of one process: a socket, and for a worker shared memory beside it, which takes the frames.

    ``now`` sends a frame at once. A call begins with ``begin``, which gives the list that its messages are put into;
    whoever does looks at ``calm`` afterwards, and calls ``rouse`` if it is true. ``finish`` ends the call, and sends
    what its list holds; until then a thread looks after it. ``open``: somebody listens; while false, frames are not
    even worth making. ``due``: the first call whose cost is to be measured (``cost``).
    """

    __slots__ = (
        "_blocked", "_calls", "_late", "_lock", "_owner", "_pending", "_queue", "_queued", "_seen", "_send", "_socket",
        "_started", "_wake", "calm", "due", "lost", "open",
    )  # fmt: skip

    def __init__(self):
        self._reset()

    def _reset(self):
        self.open = False
        self.calm = True  # the flusher sleeps until somebody wakes it
        self.due = 0
        self.lost = 0
        self._socket = None
        self._send = _to_nobody
        self._pending = {}  # the messages that wait, by call
        self._late = []  # encoded frames of those who could not wait for the lock
        self._queue = []  # what there was no room for yet
        self._queued = 0  # its bytes
        self._blocked = False  # it is not empty
        self._lock = _allocate_lock()
        self._owner = 0
        self._wake = None
        self._started = False
        self._calls = self._seen = 0  # the last call's number, now and when the flusher last looked

    def connect(self, path, hello, ring=""):
        """Connect to ``path`` and say ``hello``, a tuple that ends with a dict. Returns whether somebody was there.

        ``ring``: path of shared memory to make, which the dict then names; where it cannot be had, or is not wanted,
        the socket takes all frames.
        """
        sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            sock.settimeout(CONNECT_TIMEOUT)
            sock.connect(path)
            sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDBUF, DETAIL_LIMIT)
            writer = self._make_ring(ring)
            if writer is not None:
                hello[-1]["ring"] = ring
            sock.sendall(encode(hello))
            sock.settimeout(0.0)
        except OSError:
            sock.close()
            return False
        self._socket = sock
        self._send = writer.write if writer is not None else self._to_socket
        self.open = True
        return True

    def _make_ring(self, path):
        try:
            return RingWriter(path, self._ring_bell) if path else None
        except OSError:  # a full folder, a limit of file sizes, no more descriptors
            return None

    def _to_socket(self, data):
        try:
            return self._socket.send(data, _FLAGS)
        except BlockingIOError:
            return 0

    def _ring_bell(self):
        self._to_socket(BELL)

    def abandon(self):
        """Forget the connection, which belongs to the process that we were forked from. The peer does not notice."""
        if self._socket is not None:
            self._socket.close()
        self._reset()

    def begin(self, number, data):
        """Send ``data``, the encoded beginning of call ``number``; the list for its messages."""
        self.now(data)
        messages = self._pending[number] = []
        self._calls = number
        return messages

    def finish(self, number, t, error, messages):
        """The call is over, by ``error`` or an empty string; ``messages`` is the list that it began with."""
        lock = self._lock
        if not lock.acquire(False) and not self._wait():
            self._pending.pop(number, None)
            self._late.append(encode(("done", number, t, error, messages)))
            return
        self._owner = _get_ident()
        try:
            self._pending.pop(number, None)
            if self._queued > DETAIL_LIMIT and messages:
                messages = [self._drop(messages)]
            self._write(encode(("done", number, t, error, messages)))
        finally:
            self._owner = 0
            lock.release()

    def now(self, data):
        """Send an encoded frame."""
        lock = self._lock
        if not lock.acquire(False) and not self._wait():
            self._late.append(data)
            return
        self._owner = _get_ident()
        try:
            self._write(data)
        finally:
            self._owner = 0
            lock.release()

    def flush(self):
        """Send all that waits, as far as there is room. For the flusher, and for calls that say a lot."""
        if not self._lock.acquire(False) and not self._wait():
            return
        self._owner = _get_ident()
        try:
            for number, messages in list(self._pending.items()):
                portion = messages[:]
                del messages[: len(portion)]
                if portion and self._queued > DETAIL_LIMIT:
                    messages.insert(0, self._drop(portion))
                elif portion:
                    self._write(encode(("msgs", number, portion)))
            while self._late:
                self._write(self._late.pop(0))
            if self._blocked:
                self._unblock()
        finally:
            self._owner = 0
            self._lock.release()

    def _drop(self, messages):
        """Count ``messages``, for which there is no room; the message that takes their place and says how many."""
        fresh = [message for message in messages if message[2] != LOST]
        self.lost += len(fresh)
        count = len(fresh) + sum(message[3] for message in messages if message[2] == LOST)
        return (messages[-1][0], "in", LOST, count, None, b"", "", None)

    def _wait(self):
        """Wait until nobody else sends. False if that is us, below on this stack (a signal handler, a finalizer)."""
        if self._owner == _get_ident():
            if self.calm:
                self.rouse()
            return False
        return self._lock.acquire()

    def _write(self, data):
        if self._blocked:
            self._unblock()
        if self._blocked:
            if self._queued + len(data) > HARD_LIMIT:
                self.lost += 1
            else:
                self._queue.append(data)
                self._queued += len(data)
            return
        try:
            sent = self._send(data)
        except OSError:
            self._hang_up()
            return
        if sent != len(data):
            self._block(data[sent:])

    def _block(self, rest):
        self._queue.append(rest)
        self._queued += len(rest)
        self._blocked = True
        if self.calm:
            self.rouse()

    def _unblock(self):
        queue = self._queue
        while queue:
            data = _join(queue[:UNBLOCK_COUNT])
            try:
                sent = self._send(data)
            except OSError:
                self._hang_up()
                return
            self._queued -= sent
            queue[:UNBLOCK_COUNT] = [data[sent:]] if sent < len(data) else []
            if sent < len(data):
                return
        self._blocked = False
        if self.lost:
            count, self.lost = self.lost, 0
            self._write(encode(("lost", count)))

    def _hang_up(self):
        """Nobody listens any more."""
        self.open = False
        self._send = _to_nobody
        self._socket.close()
        del self._queue[:]
        self._queued = 0
        self._blocked = False

    def rouse(self):
        """See to it that the flusher looks soon. It starts when it is first needed: a master never has one."""
        self.calm = False
        try:
            if self._started:
                self._wake.release()
            else:
                self._started = True
                self._wake = _allocate_lock()
                self._wake.acquire()
                _start_new_thread(self._flusher, (self._wake,))
        except RuntimeError:  # already awake; or no thread to be had, and then the call's end sends everything
            pass

    def _waiting(self):
        return self._blocked or self._late or any(list(self._pending.values()))

    def _flusher(self, wake):
        idle = 0
        while self._wake is wake:
            _sleep(GATHER)
            if self._waiting():
                self.flush()
            idle = idle + 1 if self._calls == self._seen else 0
            self._seen = self._calls
            if idle > IDLE_TICKS and not self._waiting():
                self.calm = True
                if not self._waiting():
                    wake.acquire()
                self.calm = False
                idle = 0
