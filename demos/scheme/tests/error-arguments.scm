(define (f a b) a)
(write (f 1 2))
(newline)
(begin
  (list (f 1)))
