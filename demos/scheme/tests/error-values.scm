; Several values where one is wanted.
(define (two) (values 1 2))
(write 'start)
(newline)
(write (+ 1 (two)))
