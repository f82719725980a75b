(define (from-loaded-file n) (* n n))
