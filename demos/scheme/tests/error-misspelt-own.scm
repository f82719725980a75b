; Of the names of the program itself, too.
(define (frobnicate x) x)
(write (frobnicate 1))
(newline)
(frobnicat 2)
