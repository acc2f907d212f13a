from __future__ import annotations

from inspector.model import Exchange
from supervisor.last_words import MOST_LINES, CrashReport, held

MS = 1_000_000

REPORT = """\
Fatal Python error: Segmentation fault

Thread 0x00007f54912db6c0 (most recent call first):
  File "/lib/threading.py", line 982 in run

Current thread 0x00007f5492041b80 [main] (most recent call first):
  File "/srv/shop/orders.py", line 12 in total
  File "/srv/shop/views.py", line 30 in <module>
"""


def report(text: str) -> CrashReport:
    made = CrashReport()
    for line in text.splitlines():
        made.take(line)
    return made


def test_what_a_request_was_doing() -> None:
    exchange = Exchange(7, method="GET", target="/slow?key=secret", called_ns=10 * MS)
    exchange.last_type, exchange.last_ns = "http.request", 12 * MS
    assert held(exchange, 30 * MS) == {
        "exchange": 7, "method": "GET", "path": "/slow", "elapsed_ms": 20.0, "last": "http.request",
        "last_age_ms": 18.0,
    }  # fmt: skip


def test_a_request_that_said_nothing_yet() -> None:
    doing = held(Exchange(7, called_ns=10 * MS), 9 * MS)  # clocks of two processes, read in another order
    assert (doing["elapsed_ms"], doing["last"], doing["last_age_ms"]) == (0.0, "", 0.0)


def test_where_it_crashed() -> None:
    made = report("an earlier line\n" + REPORT)
    assert made.place == "orders.py:12, in total"
    assert made.text == REPORT.strip()


def test_where_it_crashed_in_a_package() -> None:
    made = report(REPORT.replace("orders.py", "orders/__init__.py"))
    assert made.place == "orders/__init__.py:12, in total"


def test_no_report() -> None:
    made = report("a line\nanother")
    assert (made.text, made.place) == ("", "")


def test_a_report_without_a_place() -> None:
    assert report("Fatal Python error: Aborted\nCurrent thread 0x1 (most recent call first):\n  <no frame>").place == ""
    assert report("Fatal Python error: Aborted\n").place == ""


def test_a_long_report_is_cut() -> None:
    assert len(report(REPORT + "line\n" * 1000).text.splitlines()) == MOST_LINES
