"""The link: greeting, replies, events, starting a real process, and every way of losing it."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.link import LinkState, SupervisorLink
from app.link.place import UnsafeFolderError, alive, claim, runtime_folder, secure, session_key
from app.link.process import SupervisorProcess
from app.link.words import told
from supervisor.control import place as the_supervisors_place
from supervisor.control.messages import (
    AppChanged,
    AppStatus,
    Finished,
    GetStatus,
    Hello,
    OutputWritten,
    Problem,
    Refused,
    ReplayChanged,
    ReplayStatus,
    StatusReported,
    StopApp,
    Subscribe,
    TargetSpec,
    WayOut,
)

WAIT = 10_000

#: Speaks just enough: greets, answers the rest with Finished, ends at Shutdown.
SERVER = """
import json, os, socket, sys
path = sys.argv[sys.argv.index("--control") + 1]
server = socket.socket(socket.AF_UNIX); server.bind(path); server.listen()
client, _ = server.accept()
for line in client.makefile():
    command = json.loads(line)
    name, number = command["type"], command["id"]
    reply = {"type": "Finished", "id": number}
    if name == "Hello":
        reply = {"type": "Welcome", "id": number, "version": 1, "pid": os.getpid()}
    client.sendall(json.dumps(reply).encode() + b"\\n")
    if name == "Shutdown":
        break
"""


def test_what_is_asked_before_it_starts_waits_for_it(link, backend, qtbot):
    answers = []
    link.expect()
    assert link.state is LinkState.STARTING
    link.send(GetStatus(id=0), answers.append)
    link.start()
    qtbot.waitUntil(lambda: link.state is LinkState.ON and len(answers) == 1, timeout=WAIT)
    assert isinstance(answers[0], StatusReported)


def test_a_link_that_is_expected_only_is_shut_down_at_once(link, qtbot):
    ended = []
    link.expect()
    link.shut_down(lambda: ended.append(True))
    qtbot.waitUntil(lambda: ended == [True], timeout=WAIT)
    assert link.state is LinkState.OFF


def test_greets_subscribes_and_is_on(link, backend, qtbot):
    with qtbot.waitSignal(link.state_changed, check_params_cb=lambda state: state is LinkState.ON, timeout=WAIT):
        link.start()
    qtbot.waitUntil(lambda: len(backend.commands) == 2, timeout=WAIT)
    assert [type(command) for command in backend.commands] == [Hello, Subscribe]
    assert link.supervisor_pid == os.getpid()


def test_a_reply_reaches_only_its_asker(link, backend, qtbot):
    link.start()
    answers = []
    backend.held.add(StopApp)
    link.send(StopApp(id=0), lambda reply: answers.append(("stop", reply)))
    link.send(GetStatus(id=0), lambda reply: answers.append(("status", reply)))
    qtbot.waitUntil(lambda: len(answers) == 1, timeout=WAIT)
    assert answers[0][0] == "status"
    assert isinstance(answers[0][1], StatusReported)


def test_ids_are_never_used_twice(link, backend, qtbot):
    link.start()
    ids = {link.send(GetStatus(id=0)) for _ in range(20)}
    assert len(ids) == 20
    qtbot.waitUntil(lambda: len(backend.of(GetStatus)) == 20, timeout=WAIT)
    assert len({command.id for command in backend.commands}) == 22


def test_events_become_signals(link, backend, qtbot):
    link.start()
    qtbot.waitUntil(lambda: link.state is LinkState.ON, timeout=WAIT)
    seen = []
    link.app_changed.connect(lambda app: seen.append(app.name))
    link.replay_changed.connect(lambda replay: seen.append(replay.run))
    link.output_written.connect(lambda app, lines: seen.append((app, lines)))
    backend.tell(AppChanged(app=_status()))
    replay = ReplayStatus(run=3, app="shop", state="running", total=1, sent=0, same=0, different=0, failed=0)
    backend.tell(ReplayChanged(replay=replay))
    backend.tell(OutputWritten(app="shop", lines=("a", "b")))
    qtbot.waitUntil(lambda: len(seen) == 3, timeout=WAIT)
    assert seen == ["shop", 3, ("shop", ("a", "b"))]


def test_death_is_said_once_and_pending_commands_are_refused(link, backend, qtbot):
    link.start()
    backend.held.add(StopApp)
    replies, states = [], []
    link.send(StopApp(id=0), replies.append)
    qtbot.waitUntil(lambda: bool(backend.of(StopApp)), timeout=WAIT)
    link.state_changed.connect(states.append)
    backend.die()
    qtbot.waitUntil(lambda: link.state is LinkState.LOST, timeout=WAIT)
    assert states == [LinkState.LOST]
    assert isinstance(replies[0], Refused)
    assert "gone" in replies[0].problem.what
    assert link.problem.ways_out


def test_nothing_is_asked_without_a_link(link, qtbot):
    replies = []
    link.send(GetStatus(id=0), replies.append)
    qtbot.waitUntil(lambda: bool(replies), timeout=WAIT)
    assert isinstance(replies[0], Refused)


@pytest.mark.parametrize("raw", [b"no json\n", b'{"type": "Nonsense", "id": 1}\n', b'{"type": "Finished"}\n'])
def test_what_is_not_a_message_ends_the_link(link, backend, qtbot, raw):
    link.start()
    qtbot.waitUntil(lambda: link.state is LinkState.ON, timeout=WAIT)
    backend.say(raw)
    qtbot.waitUntil(lambda: link.state is LinkState.LOST, timeout=WAIT)
    assert "same version" in link.problem.why


def test_another_version_is_not_talked_to(link, backend, qtbot):
    backend.version = 99
    link.start()
    qtbot.waitUntil(lambda: link.state is LinkState.LOST, timeout=WAIT)
    assert "another version" in link.problem.why


def test_a_refused_greeting_says_why(link, backend, qtbot):
    backend.refusals[Hello] = Problem(what="No.", why="Because.")
    link.start()
    qtbot.waitUntil(lambda: link.state is LinkState.LOST, timeout=WAIT)
    assert link.problem.why == "Because."


def test_a_supervisor_that_never_answers_is_given_up(backend, qtbot):
    backend.held.add(Hello)
    link = SupervisorLink(backend.path, SupervisorProcess(("/nowhere/python",)), start_ms=200)
    link.start()
    qtbot.waitUntil(lambda: link.state is LinkState.LOST, timeout=WAIT)
    assert link.problem.why == "It did not answer within 0.2 seconds."


def test_starts_a_process_where_nobody_listens_and_outlives_its_end(tmp_path, qtbot):
    process = SupervisorProcess((sys.executable, "-c", SERVER))
    link = SupervisorLink(tmp_path / "own.sock", process)
    link.start()
    qtbot.waitUntil(lambda: link.state is LinkState.ON, timeout=WAIT)
    pid = link.supervisor_pid
    assert os.getsid(pid) == pid, "it has a session of its own"
    os.kill(pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: link.state is LinkState.LOST, timeout=WAIT)
    qtbot.waitUntil(process.ended, timeout=WAIT)
    assert process.exit_status() == -signal.SIGKILL
    (tmp_path / "own.sock").unlink()
    link.start()
    qtbot.waitUntil(lambda: link.state is LinkState.ON, timeout=WAIT)
    assert link.supervisor_pid != pid
    done = []
    link.shut_down(lambda: done.append(True))
    qtbot.waitUntil(lambda: bool(done) and process.ended(), timeout=WAIT)
    assert link.state is LinkState.OFF


def test_a_process_that_dies_at_once_shows_its_last_words(tmp_path, qtbot):
    link = SupervisorLink(
        tmp_path / "own.sock", SupervisorProcess((sys.executable, "-c", "raise SystemExit('no luck')"))
    )
    link.start()
    qtbot.waitUntil(lambda: link.state is LinkState.LOST, timeout=WAIT)
    assert "no luck" in link.problem.detail


def test_a_command_that_is_not_there(tmp_path, qtbot):
    link = SupervisorLink(tmp_path / "own.sock", SupervisorProcess(("/nowhere/python",)))
    link.start()
    qtbot.waitUntil(lambda: link.state is LinkState.LOST, timeout=WAIT)
    assert "can't be run" in link.problem.why


def test_shutting_down_without_a_link_is_done_at_once(link, qtbot):
    done = []
    link.shut_down(lambda: done.append(True))
    qtbot.waitUntil(lambda: bool(done), timeout=WAIT)
    assert link.state is LinkState.OFF


def test_commands_wait_for_the_greeting(link, backend, qtbot):
    backend.held.add(Hello)
    link.start()
    replies = []
    link.send(StopApp(id=0, app="shop"), replies.append)
    qtbot.waitUntil(lambda: bool(backend.of(Hello)), timeout=WAIT)
    assert not backend.of(StopApp)
    backend.apps["shop"] = _status()
    backend.release(Hello)
    qtbot.waitUntil(lambda: bool(replies), timeout=WAIT)
    assert isinstance(replies[0], Finished)


# where the socket lies


def test_the_command_line_looks_in_the_same_folder(monkeypatch, tmp_path):
    assert runtime_folder() == the_supervisors_place.runtime_directory()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert runtime_folder() == the_supervisors_place.runtime_directory() == tmp_path / "gatescope"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "missing"))
    assert runtime_folder() == the_supervisors_place.runtime_directory()


def test_the_folder_is_the_users_alone(tmp_path):
    folder = secure(tmp_path / "sockets")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o755)
    with pytest.raises(UnsafeFolderError, match="chmod 700"):
        secure(folder)
    link = tmp_path / "link"
    link.symlink_to(folder)
    with pytest.raises((UnsafeFolderError, FileExistsError)):
        secure(link)


def test_a_dead_windows_supervisor_is_claimed_once(tmp_path):
    session = session_key("demo")
    left = tmp_path / f"{session}-111.sock"
    left.touch()
    (tmp_path / f"{session}-222.sock").touch()
    (tmp_path / f"{session_key('other')}-111.sock").touch()
    first = claim(tmp_path, session, 333, lambda pid: pid == 222)
    assert first == tmp_path / f"{session}-333.sock"
    assert first.exists()
    assert not left.exists()
    second = claim(tmp_path, session, 444, lambda pid: pid in (222, 333))
    assert not second.exists()


def test_a_socket_path_is_short_enough_for_the_system(tmp_path):
    path = claim(runtime_folder(), session_key("a" * 5000), 4_194_304, lambda _pid: False)
    assert len(path.name) <= 30


def test_alive():
    assert alive(os.getpid())
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert not alive(child.pid)
    assert alive(1)


def _status():
    return AppStatus(name="shop", target=TargetSpec(target="shop:app"), mode="uvicorn", state="running")


def test_a_real_socket_can_be_renamed_under_its_listener(backend, qtbot, tmp_path):
    """What claiming rests on."""
    moved = Path(tmp_path / "moved.sock")
    backend.path.rename(moved)
    link = SupervisorLink(moved, SupervisorProcess((sys.executable, "-c", "raise SystemExit")))
    link.start()
    qtbot.waitUntil(lambda: link.state is LinkState.ON, timeout=WAIT)
    link.close()


def test_a_problem_in_one_line_says_what_why_and_what_to_do():
    ways = (WayOut(text="Stop the other."), WayOut(text="Or wait."))
    assert told(Problem(what="It is taken.", why="Another has it.", ways_out=ways)) == (
        "It is taken. Another has it. Stop the other. Or wait."
    )
    assert told(Problem(what="It is taken.")) == "It is taken."
