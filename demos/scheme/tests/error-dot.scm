; Two data after a dot.
(write (quote (a . b)))
(newline)
(write (quote (a . b c)))
