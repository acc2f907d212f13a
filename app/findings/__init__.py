"""The Findings page: every rule of WSGI and ASGI that the exchanges of a trace break, and which exchanges those are."""
