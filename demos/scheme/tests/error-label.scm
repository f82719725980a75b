; A label that was not given.
(write (quote (#0=a #0#)))
(newline)
(write (quote (#0=a #1#)))
