(write 'first)
(newline)
(define (f x)
  (if x
      (let ((a 1) (b)) a)))
