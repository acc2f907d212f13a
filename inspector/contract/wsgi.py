"""The rules for WSGI, all of them: one check, which looks at a call with everything that the other modules register.

Pure. To add a rule is to add it in one of these modules, or to add a module here.
"""

from __future__ import annotations

from collections.abc import Iterator

from inspector.contract import (
    environ,
    wsgi_errors,
    wsgi_input,
    wsgi_request,
    wsgi_response,
    wsgi_result,
    wsgi_sequence,
    wsgi_start_response,
)
from inspector.contract.case import Case
from inspector.contract.rule import checks
from inspector.contract.wsgi_call import LOOKS, WSGI_RULES, Call
from inspector.model import Finding

MODULES = (
    environ, wsgi_start_response, wsgi_sequence, wsgi_result, wsgi_input, wsgi_errors, wsgi_request, wsgi_response,
)  # fmt: skip


@checks(*WSGI_RULES, on=("WSGI",))
def wsgi(case: Case) -> Iterator[Finding]:
    """What a call of a WSGI application breaks."""
    if not case.wsgi:
        return
    call = case.view(Call)
    for look in LOOKS:
        yield from look(call)
