(define-library (sample self) (import (sample other)) (export a) (begin (define a 1)))
