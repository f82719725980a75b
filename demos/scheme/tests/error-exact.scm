; Numbers without an exact value.
(write (exact 1e18))
(newline)
(define (f x) (exact x))
(write (f (/ 0. 0.)))
