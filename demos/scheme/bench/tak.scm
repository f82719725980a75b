;; tak: Takeuchi's function, as in Gabriel's benchmarks. Written for gcalloc.
(import (scheme base) (harness))

(define (tak x y z)
  (if (not (< y x))
      z
      (tak (tak (- x 1) y z) (tak (- y 1) z x) (tak (- z 1) x y))))

(run-benchmark "tak" 200 (lambda () (tak 18 12 6)) 7)
