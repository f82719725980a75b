(define-library (d) (export d) (import (scheme base)) (begin (define d 'found-by-option)))
