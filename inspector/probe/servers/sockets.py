"""The listening socket for the servers that we run ourselves, and stopping them gracefully."""

import signal
import socket


def listening(config, backlog=1024):
    """The inherited socket, or where there is none, one of our own."""
    if config.get("fd") is not None:
        sock = socket.socket(fileno=config["fd"])
    else:
        sock = socket.socket(socket.AF_INET6 if ":" in config["host"] else socket.AF_INET)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((config["host"], config["port"]))
    sock.listen(backlog)
    sock.setblocking(False)  # another instance may take the connection that we were told of
    return sock


def on_stop(handler):
    """Call ``handler`` when this process is asked to stop, by either signal."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: handler())
