;; The names of libraries may hold integers.
(define-library (library 1)
  (export one)
  (import (scheme base))
  (begin (define one 1)))
