;; fib: Fibonacci numbers by naive recursion. Written for gcalloc.
(import (scheme base) (harness))

(define (fib n)
  (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))

(run-benchmark "fib" 30 (lambda () (fib 25)) 75025)
