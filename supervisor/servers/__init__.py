"""One module a server, behind the interface in ``base``; ``catalogue`` lists what they offer."""
