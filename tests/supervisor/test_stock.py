"""What of the environment that runs the tests could be lent."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from supervisor.stock import stock


def test_a_server_of_plain_python() -> None:
    found = stock()["waitress"]
    assert (found.version, found.obstacle) == (importlib.metadata.version("waitress"), "")
    [(name, folder)] = found.modules.items()
    assert (name, Path(folder, "waitress", "__init__.py").is_file()) == ("waitress", True)
    assert Path(found.metadata, "METADATA").is_file()
    assert found.requires_python.startswith(">=")


def test_names_of_modules_are_not_those_of_distributions() -> None:
    assert list(stock()["uvicorn-worker"].modules) == ["uvicorn_worker"]


def test_what_servers_need_is_there_with_them() -> None:
    assert {"uvicorn", "click", "h11", "wsproto", "a2wsgi"} <= stock().keys()
    assert not {"pytest", "httpx", "psutil"} & stock().keys()


def test_what_is_compiled_is_for_nobody_else() -> None:
    assert stock()["granian"].obstacle == "is compiled for the Python that Gatescope runs on"
