"""The backend process and the command line: launches servers, watches their processes, switches modes.

Knows nothing of windows. Glossary:
    target    a user's application: project folder, interpreter, import string, interface, factory or not
    mode      interface + server + worker class + workers + threads; named by its slug
    instance  one launch of a target in a mode; a switch makes a new one beside the old
    worker    one serving process of an instance: a stable slot, a generation, a pid, a state
    app       here: a target under supervision, with its own proxy address, by name
"""
