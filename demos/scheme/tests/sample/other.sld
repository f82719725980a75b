(define-library (sample other)
  (import (scheme base) (sample self)) (export b) (begin (define b 1)))
