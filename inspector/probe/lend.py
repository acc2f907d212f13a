"""Lends the user's interpreter pure-Python distributions that its own environment lacks: a server, an adapter.

A folder put on ``sys.path`` would lend everything that lies in it; this finder serves the named modules alone, and
only after everything else was asked. It answers for their metadata as well: servers look up their own version and entry
points.
"""

import re
import sys
from importlib.machinery import PathFinder


class Lender:
    """A meta path finder for ``modules``, a dict of top-level names and the folders they lie in.

    ``metadata``: a dict of their distributions' normalised names and ``dist-info`` folders.
    """

    def __init__(self, modules, metadata):
        self._modules = modules
        self._metadata = metadata

    def find_spec(self, name, path=None, target=None):  # noqa: ARG002  (importlib's signature)
        """The import system's question. Submodules are found through their package's own path."""
        folder = self._modules.get(name)
        return None if folder is None else PathFinder.find_spec(name, [folder], target)

    def find_distributions(self, context=None):
        """The question of ``importlib.metadata``: one by its name, or all, and not those in certain folders."""
        from importlib import metadata
        from pathlib import Path

        asked = vars(context) if context is not None else {}
        if "path" in asked:
            return iter(())  # CPython 3.8 and 3.9 call next()
        name = asked.get("name")
        normalised = None if name is None else re.sub(r"[-_.]+", "-", name).lower()
        names = [one for one in self._metadata if normalised in (None, one)]
        return iter([metadata.PathDistribution(Path(self._metadata[one])) for one in names])


def lend(loan):
    """From now on the ``modules`` of ``loan`` can be imported, unless the environment has them."""
    if loan.get("modules"):
        sys.meta_path.append(Lender(loan["modules"], loan.get("metadata") or {}))
