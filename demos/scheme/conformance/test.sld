;; The conformance suite's test library: evaluates each case, compares its value with the
;; one that the report gives, prints the failures and counts by section.
(define-library (test)
  (export test test-approximate test-error test-values section summary)
  (import (scheme base) (scheme process-context) (scheme write))
  (begin
    (define section-name #f)
    (define passed 0)
    (define failed 0)
    (define all-passed #t)

    (define (report-section)
      (when section-name
        (for-each display
                  (list section-name ": " passed " passed, " failed " failed"))
        (newline)))

    ;; Ends the section before, and begins to count anew.
    (define (section name)
      (report-section)
      (set! section-name name)
      (set! passed 0)
      (set! failed 0))

    (define (summary)
      (report-section)
      (exit all-passed))

    (define (write-line label datum)
      (display label)
      (write datum)
      (newline))

    (define (write-raised object)
      (if (error-object? object)
          (write-line "  raised:   "
                      (cons (error-object-message object)
                            (error-object-irritants object)))
          (write-line "  raised:   " object)))

    (define (pass)
      (set! passed (+ passed 1)))

    (define (fail expression expected write-outcome)
      (set! failed (+ failed 1))
      (set! all-passed #f)
      (write-line "FAILED:     " expression)
      (write-line "  expected: " expected)
      (write-outcome))

    (define (check same? expression expected evaluate)
      (guard (object
              (#t (fail expression expected (lambda () (write-raised object)))))
        (let ((value (evaluate)))
          (if (same? expected value)
              (pass)
              (fail expression expected
                    (lambda () (write-line "  got:      " value)))))))

    (define (check-raises expression evaluate)
      (guard (object (#t (pass)))
        (let ((value (evaluate)))
          (fail expression 'an-error
                (lambda () (write-line "  got:      " value))))))

    (define (approximately-equal? expected value)
      (and (number? value)
           (inexact? value)
           (<= (abs (- expected value)) (* 1e-12 (max 1 (abs expected))))))

    (define-syntax test
      (syntax-rules ()
        ((_ expected expression)
         (check equal? 'expression expected (lambda () expression)))))

    ;; The value must be inexact and very near to the one expected.
    (define-syntax test-approximate
      (syntax-rules ()
        ((_ expected expression)
         (check approximately-equal? 'expression expected (lambda () expression)))))

    ;; (test-values (expected ...) expression)
    (define-syntax test-values
      (syntax-rules ()
        ((_ (expected ...) expression)
         (check equal? 'expression (list expected ...)
                (lambda () (call-with-values (lambda () expression) list))))))

    (define-syntax test-error
      (syntax-rules ()
        ((_ expression)
         (check-raises 'expression (lambda () expression)))))))
