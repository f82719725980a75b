;; What all benchmarks share: the repetition count from the command line, and the check.
(define-library (harness)
  (export run-benchmark make-random)
  (import (scheme base) (scheme process-context) (scheme write))
  (begin
    (define (complain . parts)
      (for-each (lambda (part) (display part (current-error-port))) parts)
      (newline (current-error-port))
      (exit 1))

    (define (repetitions name default)
      (let ((arguments (cdr (command-line))))
        (if (null? arguments)
            default
            (let ((count (string->number (car arguments))))
              (if (and count (exact-integer? count) (positive? count))
                  count
                  (complain name ": not a repetition count: " (car arguments)))))))

    ;; Calls run as often as the command line says, and compares each result.
    (define (run-benchmark name default run expected)
      (let loop ((left (repetitions name default)))
        (if (> left 0)
            (let ((result (run)))
              (if (equal? result expected)
                  (loop (- left 1))
                  (complain name ": got " result ", expected " expected)))
            (begin (display "ok") (newline)))))

    ;; Returns a procedure of n that gives the next of a fixed sequence of numbers below n.
    (define (make-random seed)
      (lambda (n)
        (set! seed (modulo (+ (* seed 1103) 12345) 1048576))
        (modulo (quotient seed 16) n)))))
