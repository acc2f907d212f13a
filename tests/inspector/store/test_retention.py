"""What goes with the oldest exchanges; that they go at all is shown with a recorder, in ``test_writer``."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from inspector.store import schema
from inspector.store.retention import Retention


def test_what_is_known_of_an_exchange_goes_with_it(tmp_path):
    with closing(sqlite3.connect(tmp_path / "t", isolation_level=None)) as connection:
        schema.create(connection)
        for number in range(1, 101):
            state = "open" if number == 1 else "done"
            columns = "(id, rev, state, opened_ns, request_size, response_size)"
            connection.execute(f"INSERT INTO exchange {columns} VALUES (?1, ?1, ?2, ?1, 0, 0)", (number, state))
            connection.execute("INSERT INTO detail (id, request_head) VALUES (?, ?)", (number, bytes(9000)))
            connection.execute("INSERT INTO annotation (exchange, mark) VALUES (?, 'red')", (number,))
            connection.execute("INSERT INTO finding VALUES (NULL, ?, 'R', 'note', 'server', 0, 0, '')", (number,))
            connection.execute("INSERT INTO judged VALUES (?, ?)", (number, number))
        retention = Retention(connection, 600_000)
        assert retention.trim()["exchanges"] > 20
        left = [1, *range(retention.last + 1, 101)]
        for table in ("exchange", "detail"):
            assert [i for (i,) in connection.execute(f"SELECT id FROM {table} ORDER BY id")] == left
        for table in ("annotation", "finding", "judged"):
            assert [i for (i,) in connection.execute(f"SELECT exchange FROM {table} ORDER BY exchange")] == left
