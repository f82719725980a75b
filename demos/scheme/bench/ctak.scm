;; ctak: Takeuchi's function where each result is passed to a captured continuation, as in
;; Gabriel's benchmarks. Written for gcalloc.
(import (scheme base) (harness))

(define (ctak x y z)
  (call-with-current-continuation (lambda (k) (ctak-to k x y z))))

(define (ctak-to k x y z)
  (if (not (< y x))
      (k z)
      (call-with-current-continuation
       (lambda (k)
         (ctak-to k
                  (call-with-current-continuation (lambda (k) (ctak-to k (- x 1) y z)))
                  (call-with-current-continuation (lambda (k) (ctak-to k (- y 1) z x)))
                  (call-with-current-continuation (lambda (k) (ctak-to k (- z 1) x y))))))))

(run-benchmark "ctak" 10 (lambda () (ctak 18 12 6)) 7)
