"""Two exchanges side by side, message by message: chosen in the table, or one replayed under the other interface.

What pairs with what, and what to replay it on, is decided without Qt; the page loads, paints and asks the supervisor.
"""
