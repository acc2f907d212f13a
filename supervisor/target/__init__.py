"""From what a user names to something that can be run: interpreters, applications in a folder, demos, examining.

interpreter   the Python that runs the target, not ours
candidate     an application that a folder seems to hold, found by reading, not by importing
examination   what the target's own interpreter says about an import string
"""
