"""The detail of one exchange: a panel of tabs, each a widget over a pure module that decides what it shows."""
