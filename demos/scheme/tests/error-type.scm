; The position of the innermost form, and the calls that led there.
(define (second l)
  (car (cdr l)))
(define (use l)
  (display "before")
  (newline)
  (+ 1 (second
        l)))
(list (use '(1 2)) (use '(1)))
