"""The production command on one line."""

from __future__ import annotations

import pytest

from app.launch.command import brief

ADAPTED = """# adapted.py:
#   from a2wsgi import ASGIMiddleware
#   from shop import app as inner
#   app = ASGIMiddleware(inner)
gunicorn --bind 127.0.0.1:8000 adapted:app"""


@pytest.mark.parametrize(
    ("command", "shown"),
    [("uvicorn shop:app", "uvicorn shop:app"), ("", ""),
     (ADAPTED, "gunicorn --bind 127.0.0.1:8000 adapted:app   # with adapted.py: copy to see"),
     ("export A=1\ngunicorn \\\n    shop:app", "export A=1 && gunicorn shop:app"),
     ("# nothing to type", "# nothing to type")],
)  # fmt: skip
def test_brief(command, shown):
    assert brief(command) == shown
