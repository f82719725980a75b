(define included-value 5)

(define (included-procedure x)
  (+ 1
     (car x)))
