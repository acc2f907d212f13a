"""The desktop app: the window in front of a supervisor. The only package that imports Qt.

Words used here:
    page      one of the window's views (Traffic, Workers, Replay, Logs); it is handed what it needs and knows no other
    page link      the connection to the supervisor: typed control messages in and out, never a blocking call
    feed      the trace file being looked at, read off the GUI thread
    action    something the user can do, registered once, shown in menus, shortcuts, palette and the keys page
    role      what a colour means; widgets name roles, never colours
    choice    what the launch bar has picked: interface, mode, workers, threads
"""
