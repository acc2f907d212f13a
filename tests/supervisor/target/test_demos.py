from __future__ import annotations

import pytest

from supervisor.target.demos import FOLDER, demo, demos
from supervisor.target.problems import TargetError


def test_each_demo_is_there() -> None:
    assert {"wsgi", "asgi", "flask", "django-wsgi", "django-asgi", "fastapi", "starlette"} <= set(demos())
    for one in demos().values():
        module = one.target.partition(":")[0].replace(".", "/")
        assert (FOLDER / f"{module}.py").is_file()


def test_a_demo_by_name() -> None:
    assert demo("demo:flask").name == "flask"
    with pytest.raises(TargetError) as caught:
        demo("demo:flaks")
    assert caught.value.problem.ways_out[0].command == "demo:flask"
    with pytest.raises(TargetError):
        demo("demo:")
