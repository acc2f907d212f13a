"""The filter language: words that must all hold, such as ``method:POST status:5xx -path:/health``.

``parse`` makes a tree of the text (``QueryError`` says where it is wrong), ``to_sql`` a condition on the narrow table
of a trace. Knows the names of columns; knows no database.
"""

from inspector.query.language import Query, QueryError, parse
from inspector.query.sql import to_sql

__all__ = ["Query", "QueryError", "parse", "to_sql"]
