;; A library with state, whose body runs once, however often it is imported.
(define-library (library counter)
  (export next! (rename current-count count) with-counter define-counted)
  (import (scheme base))
  (begin
    (define n 0)
    (define (step) (set! n (+ n 1)))
    (step)
    (define (next!) (step) n)
    (define (current-count) n)
    ;; These expand to variables that are not exported.
    (define-syntax with-counter
      (syntax-rules () ((_ name body) (let ((name n)) body))))
    (define-syntax define-counted
      (syntax-rules () ((_ name) (define (name) (step) (current-count)))))))
