"""The production command on one line: what to type, and what it needs beside it. Pure.

A command may come with lines of comment before it (a module that an adapted application needs). All of that is for the
clipboard and the tooltip; a strip of one line has room for the command itself and a word on the rest.
"""

from __future__ import annotations

import re

_FILE = re.compile(r"#\s*([\w.-]+\.\w+):\s*")


def brief(command: str) -> str:
    """``command`` on one line: continued lines joined, comments left out, files that they describe named at the end."""
    joined = command.replace("\\\n", " ")
    lines = [line.strip() for line in joined.splitlines() if line.strip()]
    typed = [line for line in lines if not line.startswith("#")]
    files = [found.group(1) for line in lines if (found := _FILE.fullmatch(line))]
    text = " && ".join(re.sub(r"\s+", " ", line) for line in typed)
    if files and text:
        return f"{text}   # with {', '.join(files)}: copy to see"
    return text or " ".join(lines)
