"""Worker lanes: time runs right, a lane for each worker slot, a bar for each request.

Words used here:
    lane     one slot of workers; slot 0 is for requests that no worker has (yet)
    row      a line of bars within a lane that do not overlap; a lane has as many as it had requests at a time
    bar      one exchange: waiting, then in the application, then sending, then what was done after the response
    cell     what is drawn where several bars share a pixel: the gravest colour of them, as strong as they fill it
"""
