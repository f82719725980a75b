;; sum: adds the numbers to ten thousand in a loop. Written for gcalloc.
(import (scheme base) (harness))

(define (sum n)
  (let loop ((i n) (total 0))
    (if (< i 0) total (loop (- i 1) (+ total i)))))

(define (run)
  (do ((i 0 (+ i 1)) (total 0 (sum 10000))) ((= i 100) total)))

(run-benchmark "sum" 50 run 50005000)
