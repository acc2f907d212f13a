"""A request changed in the window and sent again.

Glossary:
    draft       what stands in the editor: method, target, header and body as text
    recorded    the request that it began with, and what of it is no text
    written     what goes on the wire for a draft
"""
