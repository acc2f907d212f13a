"""Dumps of stacks, in every interpreter that is at hand: asyncio keeps its tasks elsewhere in each."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.inspector.probe.test_interpreters import VERSIONS, interpreter
from tests.support.probed import PROBE

SCRIPT = """
import asyncio, importlib.util, json, sys, threading, time
place = sys.argv[1]
spec = importlib.util.spec_from_file_location("_p", place + "/__init__.py", submodule_search_locations=[place])
sys.modules["_p"] = package = importlib.util.module_from_spec(spec)
spec.loader.exec_module(package)
from _p import stacks

begun, seen = threading.Event(), threading.Event()
dumps = []


async def inner():
    await asyncio.sleep(60)


async def outer():
    await inner()


async def blocker():
    begun.set()
    seen.wait(30)


async def main():
    waits = asyncio.ensure_future(outer())
    waits.set_name("waits")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    blocks = asyncio.ensure_future(blocker())
    blocks.set_name("blocks")
    await blocks
    waits.cancel()


def look():
    begun.wait(30)
    dumps.append(stacks.dump())
    seen.set()


threading.Thread(target=look, name="looks").start()
asyncio.run(main())
print(json.dumps(dumps[0]))
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_threads_and_tasks_while_the_loop_is_blocked(version: str) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"there is no CPython {version} here")
    command = [python, "-B", "-c", SCRIPT, str(PROBE)]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert outcome.returncode == 0, outcome.stderr
    stacks = {stack["name"]: stack for stack in json.loads(outcome.stdout)}
    functions = {name: [frame[2].rpartition(".")[2] for frame in stack["frames"]] for name, stack in stacks.items()}
    assert (stacks["MainThread"]["kind"], stacks["MainThread"]["state"]) == ("thread", "main")
    assert "blocker" in functions["MainThread"]
    assert functions["looks"][-1] == "look"
    assert (stacks["waits"]["kind"], stacks["waits"]["state"]) == ("task", "waiting")
    assert functions["waits"] == ["outer", "inner", "sleep"]
    assert (stacks["blocks"]["state"], functions["blocks"]) == ("running", ["blocker"])
    assert not any("probe" in frame[0] for stack in stacks.values() for frame in stack["frames"])
