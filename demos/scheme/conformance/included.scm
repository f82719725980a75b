;; Included by the programs for 4.1.7 and 5.6.
(define included-variable 'included)
(define (included-name) 'included)
(define (included-square n) (* n n))
