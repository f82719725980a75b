; A name that is nearly another's.
(define (use items)
  (+ 1 (lenght items)))
(write 'start)
(newline)
(use '(1 2))
