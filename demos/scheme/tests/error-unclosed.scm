(write 'first)
(newline)
(define (f x)
  (list x)
