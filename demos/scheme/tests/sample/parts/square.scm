(define-record-type square-type (new-square side) square? (side side))
(define (area s) (* (side s) (side s)))
