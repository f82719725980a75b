;; R7RS section 6.1: equal? ends on circular data.
(import (scheme base) (test))

(section "6.1 equal? on circular data")
(define (circular . elements)
  (let ((l (apply list elements)))
    (let loop ((tail l))
      (if (null? (cdr tail))
          (begin (set-cdr! tail l) l)
          (loop (cdr tail))))))
(test #t (equal? (circular 1 2) (circular 1 2)))
(test #t (equal? (circular 'a 'b) (circular 'a 'b 'a 'b)))
(test #f (equal? (circular 1 2) (circular 1 3)))
(test #t (equal? (circular 1) (circular 1 1 1)))
(define (self-vector)
  (let ((v (vector 1 2 3))) (vector-set! v 1 v) v))
(test #t (equal? (self-vector) (self-vector)))

(summary)
