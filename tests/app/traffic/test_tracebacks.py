"""Which frame of a traceback is the user's own."""

from __future__ import annotations

from app.traffic.tracebacks import Frame, innermost_own

TEXT = """Traceback (most recent call last):
  File "/srv/shop/app.py", line 41, in checkout
    total = sum(item["price"] for item in basket)
                ~~~~^^^^^^^^^
  File "/usr/lib/python3.11/json/decoder.py", line 3, in raw
    x
  File "/srv/.venv/lib/python3.11/site-packages/flask/app.py", line 1, in run
    y
KeyError: 'price'
"""


def test_the_innermost_frame_that_is_not_installed() -> None:
    frame = innermost_own(TEXT)
    assert frame == Frame("/srv/shop/app.py", 41, "checkout", 1, 3)
    assert str(frame) == "/srv/shop/app.py:41 in checkout"


def test_the_last_traceback_counts_and_frames_may_lack_source() -> None:
    more = (
        TEXT
        + '\nDuring handling:\n\nTraceback (most recent call last):\n  File "/srv/shop/b.py", line 7\nValueError: no'
    )
    frame = innermost_own(more)
    assert frame is not None
    assert (str(frame), frame.first, frame.last) == ("/srv/shop/b.py:7", 13, 13)
    assert innermost_own('  File "/srv/a.py", line 1, in f\n    x') == Frame("/srv/a.py", 1, "f", 0, 1)
    nested = innermost_own('  File "/srv/a.py", line 1, in f\n  File "/usr/lib/python3.11/x.py", line 2, in g\n    z\n')
    assert nested == Frame("/srv/a.py", 1, "f", 0, 0)


def test_there_may_be_none() -> None:
    assert innermost_own("") is None
    assert innermost_own('  File "<frozen runpy>", line 1, in g\n') is None
