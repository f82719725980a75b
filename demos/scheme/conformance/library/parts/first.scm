;; Included by the library (library parts).
(define (included-name) 'included)
(define (included-square n) (* n n))
