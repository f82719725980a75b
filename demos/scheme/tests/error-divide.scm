(write (/ 1 0.0))
(newline)
(write (quotient 1 0))
