"""``hook/sitecustomize.py`` in every interpreter that is at hand: what processes inherit, and what they see of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.tree.ports import listening
from tests.support.environments import interpreter
from tests.support.probed import PROBE, FrameSink, frame_sink, launch_config

HOOK = PROBE / "hook"
VERSIONS = tuple(f"3.{minor}" for minor in range(8, 15))

#: Prints what a process sees, after it has started others in each way there is.
SCRIPT = """
import json, multiprocessing, os, subprocess, sys

SEEN = '''
import os, sys
hooked = type(sys.meta_path[0]).__name__ == "Lookout"
shown = [name for name in os.environ if "GATESCOPE" in name]
print(hooked, shown, os.environ.get("PYTHONPATH"), any(path.endswith("hook") for path in sys.path), flush=True)
'''


def see():
    exec(SEEN)


if __name__ == "__main__":
    see()
    again = [sys.executable, "-c", SEEN]
    subprocess.run(again, check=True)
    subprocess.run(again, check=True, env={"PYTHONPATH": "/elsewhere"})
    subprocess.run(again, check=True, close_fds=False, env=dict(os.environ))
    os.system("%s -c '%s'" % (sys.executable, SEEN.replace("'", '"')))
    process = multiprocessing.get_context("spawn").Process(target=see)
    process.start()
    process.join()
    os.spawnv(os.P_WAIT, sys.executable, again)
    os.execv(sys.executable, again)
"""


@pytest.fixture(params=VERSIONS)
def python(request: pytest.FixtureRequest) -> str:
    found = interpreter(request.param)
    if found is None:
        pytest.skip(f"there is no CPython {request.param} here")
    return found


@pytest.fixture
def sink() -> Iterator[FrameSink]:
    with frame_sink() as made:
        yield made


def test_what_is_started_inherits_and_nobody_sees(python: str, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "sitecustomize.py").write_text("import builtins\nbuiltins.own = True\n")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.replace("    see()\n    again", "    assert own\n    see()\n    again"))
    path = f"{HOOK}{os.pathsep}{tmp_path / 'own'}"
    env = {"GATESCOPE_LAUNCH": "{}", "PYTHONPATH": path, "PATH": os.environ["PATH"]}
    outcome = subprocess.run([python, str(script)], env=env, capture_output=True, text=True, timeout=60)
    assert outcome.returncode == 0, outcome.stderr
    seen, elsewhere = f"True [] {tmp_path / 'own'} False", "True [] /elsewhere False"
    assert outcome.stdout.splitlines() == [seen, seen, elsewhere, *[seen] * 5], outcome.stderr


def test_without_the_word_it_does_nothing(tmp_path: Path) -> None:
    words = "import sys; print([type(one).__name__ for one in sys.meta_path], sys.modules['sitecustomize'].__file__)"
    outcome = subprocess.run(
        [sys.executable, "-c", words], env={"PYTHONPATH": str(HOOK)}, capture_output=True, text=True, timeout=60
    )
    assert "Lookout" not in outcome.stdout
    assert outcome.stderr == ""


def test_it_brings_nothing_along_that_is_not_needed() -> None:
    words = "import sys; print(sorted(name for name in sys.modules if 'gatescope' in name or name == 'json'))"
    env = {"PYTHONPATH": str(HOOK), "GATESCOPE_LAUNCH": "{}"}
    outcome = subprocess.run([sys.executable, "-c", words], env=env, capture_output=True, text=True, timeout=60)
    assert outcome.stdout == "[]\n"


def test_what_cannot_be_hooked_serves_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "uvicorn.py").write_text("SERVES = True\n")  # of no version that anybody knows
    env = {"PYTHONPATH": f"{HOOK}{os.pathsep}{tmp_path}", "GATESCOPE_LAUNCH": json.dumps({})}
    words = "import uvicorn; print(uvicorn.SERVES, 'exec_module' in vars(uvicorn.__loader__))"
    outcome = subprocess.run([sys.executable, "-c", words], env=env, capture_output=True, text=True, timeout=60)
    assert outcome.stdout == "True False\n"
    assert outcome.stderr.startswith("gatescope: the probe could not be put into uvicorn:")


WSGIREF = """
import sys
from wsgiref.simple_server import make_server


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


make_server("127.0.0.1", int(sys.argv[2]), app)  # of its own, for whatever
other = make_server("127.0.0.1", 0, app)
other.timeout = 0
other.handle_request()
make_server("127.0.0.1", int(sys.argv[1]), app).serve_forever()
"""


def test_a_server_in_every_python(python: str, sink: FrameSink, tmp_path: Path) -> None:
    """Only the one at the address that was asked for is the application's."""
    from supervisor.launching import reserve

    (tmp_path / "serve.py").write_text(WSGIREF)
    with reserve(shared=True) as keeper, reserve(shared=True) as second:
        port, spare = keeper.getsockname()[1], second.getsockname()[1]
        argv = [python, "serve.py", str(port), str(spare)]
        config = launch_config(sink, "custom", argv, tmp_path, -1, port=port)
        env = {"PATH": os.environ["PATH"], "GATESCOPE_LAUNCH": json.dumps(config)}
        process = subprocess.Popen(
            [python, str(PROBE / "launch.py")], env=env, cwd=tmp_path, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            sink.wait(lambda: sink.of("ready"), "ready")
            assert [frame[4] for frame in sink.of("hello")] == [process.pid]
            assert listening(port)
        finally:
            process.kill()
            process.wait()
