"""Whether something listens at a TCP port of this machine, and who: seen without connecting to it, which would be a
client to a server that takes one at a time.

Linux: the tables of proc_net_tcp(5).
"""

from __future__ import annotations

from pathlib import Path

import psutil

_LISTEN = "0A"  #: TCP_LISTEN in the kernel's include/net/tcp_states.h
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))


def listening(port: int) -> bool:
    """Whether some socket listens at ``port``, on whatever address."""
    wanted = f":{port:04X}"
    for table in _TABLES:
        try:
            lines = table.read_text().splitlines()[1:]
        except OSError:  # no IPv6 here
            continue
        for line in lines:
            local, _, state = line.split()[1:4]
            if state == _LISTEN and local.endswith(wanted):
                return True
    return False


def listener_of(port: int) -> str:
    """Who listens on TCP ``port`` here, as ``name (pid 1)``; empty when it cannot be seen."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status != psutil.CONN_LISTEN or not connection.pid or not connection.laddr:
                continue
            if connection.laddr.port == port:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except (psutil.Error, OSError):
        pass
    return ""
