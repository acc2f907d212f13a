"""Requests to a running proxy: one that blocks, one in the background, one left unanswered, and a load of them."""

from __future__ import annotations

import http.client
import socket
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlsplit


def ask(url: str) -> tuple[int, bytes]:
    """Status and body of the answer; status 0 and the error where there is none."""
    try:
        with urllib.request.urlopen(url, timeout=60) as response:
            return response.status, bytes(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except OSError as error:
        return 0, repr(error).encode()


class Asking(threading.Thread):
    """One request, asked in the background."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.answer: tuple[int, bytes] = (0, b"")
        self.start()

    def run(self) -> None:
        self.answer = ask(self.url)


class Sent:
    """One request that is on its way; its answer is read when somebody wants it, or its client leaves."""

    def __init__(self, url: str, path: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._connection.request("GET", path)

    def answer(self, patience: float = 60.0) -> tuple[int, bytes] | None:
        """Status and body; status 0 where the connection was cut; None when there is no answer yet."""
        assert isinstance(self._connection.sock, socket.socket)
        self._connection.sock.settimeout(patience)
        try:
            response = self._connection.getresponse()
            return response.status, response.read()
        except TimeoutError:
            return None
        except (OSError, http.client.HTTPException) as error:
            return 0, repr(error).encode()

    def leave(self) -> None:
        """Close the connection."""
        self._connection.close()


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of a load and what came of it. ``error`` is empty when it was answered with status 200."""

    target: str
    sent: float  #: seconds of the monotonic clock
    error: str
    body: bytes = b""


class Load:
    """Threads that ask again and again, on kept connections and on new ones, until they are told to stop.

    Each request has a target of its own, so that it can be found in a trace.
    """

    def __init__(self, url: str, threads: int = 4, *, pause: float = 0.002, path: str = "/load") -> None:
        self.address = urlsplit(url)
        self.answers: Counter[bytes] = Counter()
        self.asked: list[Asked] = []
        self._pause = pause  # bounded: the machine is shared
        self._path = path
        self._stop = threading.Event()
        self._news = threading.Condition()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(threads)]
        for thread in self._threads:
            thread.start()

    def _ask(self, thread: int) -> None:
        keep = thread % 2 == 0
        connection = http.client.HTTPConnection(self.address.hostname or "", self.address.port, timeout=30)
        number = 0
        while not self._stop.is_set():
            number += 1
            found = self._once(connection, f"{self._path}?n={thread}-{number}")
            if not keep or found.error:
                connection.close()
            with self._news:
                self.asked.append(found)
                if not found.error:
                    self.answers[found.body.split()[0]] += 1
                self._news.notify_all()
            self._stop.wait(self._pause)
        connection.close()

    def _once(self, connection: http.client.HTTPConnection, target: str) -> Asked:
        sent = time.monotonic()
        try:
            connection.request("GET", target)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            return Asked(target, sent, repr(error))
        return Asked(target, sent, "" if response.status == 200 else f"status {response.status}: {body[:80]!r}", body)

    @property
    def failed(self) -> list[Asked]:
        """The requests that were not answered with status 200."""
        return [one for one in list(self.asked) if one.error]

    @property
    def failures(self) -> list[str]:
        """What was wrong with those."""
        return [one.error for one in self.failed]

    def more(self, count: int = 20, *, despite_failures: bool = False) -> None:
        """Wait for some answers more; a failure ends the waiting too, unless it does not matter."""
        with self._news:
            goal = self.answers.total() + count
            assert self._news.wait_for(
                lambda: self.answers.total() >= goal or (self.failures and not despite_failures), 60
            )

    def stop(self) -> None:
        """Let what was asked be answered, then end."""
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
