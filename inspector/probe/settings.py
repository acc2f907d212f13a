"""What the wrappers need to know, made once from the launch configuration.

Pure.
"""


class Settings:
    """The header that carries the proxy's exchange id, and how much of a body is kept."""

    __slots__ = ("header", "environ_key", "prefix", "prefix_bytes", "token", "body_head", "body_tail")

    def __init__(self, header="gatescope-exchange", token="", body_head=65536, body_tail=4096):
        self.header = header.lower().encode("latin-1")
        self.environ_key = "HTTP_" + header.upper().replace("-", "_")
        self.token = token
        self.prefix = token + "-"
        self.prefix_bytes = self.prefix.encode("latin-1")
        self.body_head = body_head
        self.body_tail = body_tail

    @classmethod
    def from_config(cls, config):
        """The settings in ``config``, the decoded ``GATESCOPE_LAUNCH``."""
        return cls(config["header"], config["token"], config["body_head"], config["body_tail"])

    def exchange_id(self, value):
        """The id in ``value``, a header's text or bytes, or 0 if it is not one of ours."""
        prefix = self.prefix if type(value) is str else self.prefix_bytes
        if not value.startswith(prefix):
            return 0
        digits = value[len(prefix) :]
        return int(digits) if digits.isdigit() else 0
