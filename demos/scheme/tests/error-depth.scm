; Endless recursion ends in an error, not in a crash; so does nesting in C.
(define (forever n) (+ 1 (forever n)))
(write 'start)
(newline)
(forever 0)
