"""The supervisor's line to a worker: it asks what the worker is doing, and is given the worker's own output.

A thread waits at a Unix socket, which costs nothing while nobody asks, and answers also while all other threads hang.
What the worker prints goes through pipes of its own from then on, so that it is known whose it is. Nothing raises: a
worker without the line serves as well as one with it.

The originals of the primitives are taken when this is imported: a server may patch them afterwards (gevent).
"""

import _socket
import _thread
import json
import os
import sys

from . import stacks

_start_new_thread = _thread.start_new_thread
_loads = json.loads
_dumps = json.dumps

#: Seconds that the supervisor may take to answer while the worker starts.
PATIENCE = 2.0


def attend(path, token, own_output):
    """Tell the supervisor at ``path`` that we are here. ``own_output``: others print into the same pipes as we do."""
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    pipes = []
    try:
        sock.settimeout(PATIENCE)
        sock.connect(path)
        if own_output:
            pipes = _make_pipes("%s.%d" % (path, os.getpid()))
        sock.sendall(_line({"token": token, "pid": os.getpid(), "pipes": pipes}))
        if not sock.recv(1):
            raise OSError("sent away")
        _print_into(pipes)
        sock.settimeout(None)
        _start_new_thread(_serve, (sock,))
    except Exception:
        for pipe in pipes:
            _remove(pipe)
        sock.close()


def _line(value):
    return _dumps(value).encode() + b"\n"


def _make_pipes(base):
    made = []
    try:
        for name in (".out", ".err"):
            os.mkfifo(base + name, 0o600)
            made.append(base + name)
    except OSError:
        for pipe in made:
            _remove(pipe)
        return []
    return made


def _print_into(pipes):
    """Standard output and error become ``pipes``, which the supervisor has opened."""
    for stream in (sys.stdout, sys.stderr):
        if pipes and stream is not None:
            stream.flush()
    for number, pipe in enumerate(pipes, 1):
        opened = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)  # else it would wait for a reader that has gone
        os.set_blocking(opened, True)
        os.dup2(opened, number)
        os.close(opened)
        _remove(pipe)


def _remove(pipe):
    try:
        os.unlink(pipe)
    except OSError:
        pass


def _serve(sock):
    """Answer each byte with a dump."""
    try:
        while sock.recv(1):
            try:
                answer = {"stacks": stacks.dump()}
            except Exception as error:
                answer = {"error": "%s: %s" % (type(error).__name__, error)}
            sock.sendall(_line(answer))
    except Exception:  # the supervisor is gone, or the interpreter is
        pass
