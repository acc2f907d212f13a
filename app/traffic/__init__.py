"""The traffic page: filter bar, exchange table, and the detail of what is selected.

Pure, tested without a screen: ``phases`` (where an exchange's time went), ``formats`` (numbers and bytes as text),
``columns`` (what the table can show), ``heads`` and ``bodies`` (what a head or a body is), ``explanations`` (the keys
of an environ and a scope), ``narrative`` (what happened, in lines). The rest are Qt models and views over them.
"""
