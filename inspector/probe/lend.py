"""Lends the user's interpreter a pure-Python package that its own environment lacks.

A folder put on ``sys.path`` would lend everything that lies in it; this finder serves the named packages alone, and
only after everything else was asked.
"""

import sys
from importlib.machinery import PathFinder


class Lender:
    """A meta path finder for ``packages``, a dict of top-level names and the folders they lie in."""

    def __init__(self, packages):
        self._packages = packages

    def find_spec(self, name, path=None, target=None):  # noqa: ARG002  (importlib's signature)
        """The import system's question. Submodules are found through their package's own path."""
        folder = self._packages.get(name)
        return None if folder is None else PathFinder.find_spec(name, [folder], target)


def lend(packages):
    """From now on ``packages`` can be imported, unless the environment has them."""
    if packages:
        sys.meta_path.append(Lender(packages))
