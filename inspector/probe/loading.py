"""Finds an application by its import string, and what stands for it when it is called with nothing.

Knows nothing of servers: those that load the application themselves do so by their own rules.
"""

import importlib


def load(target, factory=False):
    """The object that ``target``, ``module:attribute.path``, names; with ``factory`` what calling it gives.

    Raises whatever the import raises, AttributeError, and whatever the factory raises.
    """
    module_name, _, attributes = target.partition(":")
    found = importlib.import_module(module_name)
    for attribute in (attributes or "application").split("."):
        found = getattr(found, attribute)
    return found() if factory else found
