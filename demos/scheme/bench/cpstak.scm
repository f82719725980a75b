;; cpstak: Takeuchi's function in continuation-passing style: closures that live shortly.
;; Written for gcalloc.
(import (scheme base) (harness))

(define (tak x y z k)
  (if (not (< y x))
      (k z)
      (tak (- x 1) y z
           (lambda (a)
             (tak (- y 1) z x
                  (lambda (b)
                    (tak (- z 1) x y
                         (lambda (c) (tak a b c k)))))))))

(run-benchmark "cpstak" 100 (lambda () (tak 18 12 6 (lambda (a) a))) 7)
