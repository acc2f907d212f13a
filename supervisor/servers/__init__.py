"""One module a server, behind the interface in ``base``; ``MODES`` lists what they offer. Adding a server is adding a file."""
