;; fibc: Fibonacci numbers where successor, predecessor and sum capture continuations and
;; return through them. Written for gcalloc.
(import (scheme base) (harness))

(define (add x y k)
  (if (= y 0)
      (k x)
      (call-with-current-continuation (lambda (return) (add (+ x 1) (- y 1) (lambda (v) (return (k v))))))))

(define (fib n k)
  (cond ((= n 0) (k 0))
        ((= n 1) (k 1))
        (else
         (add (call-with-current-continuation (lambda (c) (fib (- n 1) c)))
              (call-with-current-continuation (lambda (c) (fib (- n 2) c)))
              k))))

(run-benchmark "fibc" 20 (lambda () (fib 15 (lambda (n) n))) 610)
