"""A worker's stacks as words: order, headings, places, and the text that is copied. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.workers.words import counted
from supervisor.control.messages import Frame, Stack, StacksDumped

_FOREIGN = ("site-packages", "dist-packages", "/lib/python3", "/lib64/python3", "<frozen", "<string>")


def ordered(stacks: Iterable[Stack]) -> list[Stack]:
    """Those that work on a request first, then what runs, then the main thread, then the rest as they came."""
    return sorted(stacks, key=lambda stack: (not stack.exchange, stack.state != "running", stack.state != "main"))


def heading(stack: Stack) -> str:
    """``task Task-12`` or ``thread MainThread``."""
    return f"{stack.kind} {stack.name}"


def state(stack: Stack) -> str:
    """What it does, in a word or two."""
    return "main thread" if stack.state == "main" else stack.state


def own(frame: Frame) -> bool:
    """Whether a frame is of the user's code rather than of Python's library or of something installed."""
    return not any(mark in frame.file for mark in _FOREIGN)


@dataclass(frozen=True, slots=True)
class Folded:
    """Calls in libraries that are left out."""

    count: int

    @property
    def words(self) -> str:
        """What stands in their place."""
        return f"… {counted(self.count, 'call')} in libraries"


Line = Frame | Folded


def lines(stack: Stack, *, all_calls: bool) -> list[Line]:
    """The calls of a stack; unless ``all_calls``, the user's own and the innermost, and how many are left out between.

    A stack without a call of the user's own keeps its last two.
    """
    if all_calls:
        return list(stack.frames)
    last = len(stack.frames) - 1
    kept = [at for at, frame in enumerate(stack.frames) if own(frame) or at == last]
    if kept == [last]:
        kept = list(range(max(0, last - 1), last + 1))
    found: list[Line] = []
    before = -1
    for at in kept:
        if at - before > 1:
            found.append(Folded(at - before - 1))
        found.append(stack.frames[at])
        before = at
    return found


def place(frame: Frame) -> str:
    """File and line, the file by its last two names: those of a project's own tell enough."""
    return f"{'/'.join(frame.file.split('/')[-2:])}:{frame.line}"


def innermost(stack: Stack) -> str:
    """Where it is, in short: the user's own innermost frame, or else the innermost of all."""
    if not stack.frames:
        return "no Python frame"
    frame = next((frame for frame in reversed(stack.frames) if own(frame)), stack.frames[-1])
    return f"in {frame.function}, {place(frame)}"


def summary(dumped: StacksDumped) -> str:
    """How many of which."""
    threads = sum(stack.kind == "thread" for stack in dumped.stacks)
    parts = [counted(threads, "thread")]
    if tasks := len(dumped.stacks) - threads:
        parts.append(counted(tasks, "task"))
    return ", ".join(parts)


def text(dumped: StacksDumped, at: str) -> str:
    """All of it as text, in the form of a traceback: the innermost call last."""
    head = f"worker {dumped.slot} of {dumped.app}, generation {dumped.generation}, pid {dumped.pid}, {at}"
    return "\n\n".join([head, *(_stack_text(stack) for stack in ordered(dumped.stacks))]) + "\n"


def _stack_text(stack: Stack) -> str:
    doing = f", {state(stack)}" if stack.state else ""
    works = f", works on #{stack.exchange}" if stack.exchange else ""
    lines = [f"{heading(stack)}{doing}{works}"]
    for frame in stack.frames:
        lines.append(f'  File "{frame.file}", line {frame.line}, in {frame.function}')
        lines += [f"    {frame.code}"] if frame.code else []
    return "\n".join(lines)
