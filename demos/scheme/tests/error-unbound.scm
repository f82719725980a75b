(define (f x)
  (let ((y 1))
    (+ x y nothing)))
(* 2 (f 1))
