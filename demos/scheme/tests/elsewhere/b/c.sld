(define-library (b c) (export b-c) (import (scheme base)) (begin (define b-c 'found-by-path)))
