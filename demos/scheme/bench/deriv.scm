;; deriv: symbolic derivatives of a sum of products, as in Gabriel's benchmarks. Written
;; for gcalloc.
(import (scheme base) (harness))

(define (derive e)
  (if (not (pair? e))
      (if (eq? e 'x) 1 0)
      (case (car e)
        ((+ -) (cons (car e) (map derive (cdr e))))
        ((*) (list '* e (cons '+ (map (lambda (f) (list '/ (derive f) f)) (cdr e)))))
        ((/)
         (let ((n (cadr e)) (d (list-ref e 2)))
           (list '- (list '/ (derive n) d) (list '/ n (list '* d d (derive d))))))
        (else (error "no derivation for the operator" (car e))))))

(define expression '(+ (* 3 x x) (* a x x) (* b x) 5))

(define (run)
  (do ((i 0 (+ i 1)) (d #f (derive expression))) ((= i 10000) d)))

(run-benchmark "deriv" 20 run
               '(+ (* (* 3 x x) (+ (/ 0 3) (/ 1 x) (/ 1 x)))
                   (* (* a x x) (+ (/ 0 a) (/ 1 x) (/ 1 x)))
                   (* (* b x) (+ (/ 0 b) (/ 1 x)))
                   0))
