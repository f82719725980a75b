;; string: a string that grows by concatenation and is cut again. Written for gcalloc.
(import (scheme base) (harness))

(define (grow s)
  (string-append "123" s "456" s "789"))

(define (trim s)
  (let ((n (string-length s)))
    (string-append (substring s (quotient n 2) n)
                   (substring s 0 (+ 1 (quotient n 2))))))

(define (grow-to n)
  (let loop ((s "abcdef"))
    (if (>= (string-length s) n) s (loop (trim (grow s))))))

(define (run)
  (do ((i 0 (+ i 1)) (n 0 (string-length (grow-to 100000)))) ((= i 20) n)))

(run-benchmark "string" 20 run 131062)
