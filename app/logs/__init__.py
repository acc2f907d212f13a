"""The Logs page: what servers and applications print."""
