; Takeuchi's function, with small integers (no allocation at all), with flonums (each
; of them an object on the heap) and with numbers represented by lists.

(define (tak x y z)
  (if (not (< y x))
      z
      (tak (tak (- x 1) y z)
           (tak (- y 1) z x)
           (tak (- z 1) x y))))

(define (shorter? a b)
  (and (pair? b) (or (null? a) (shorter? (cdr a) (cdr b)))))

(define (list-tak x y z)
  (if (not (shorter? y x))
      z
      (list-tak (list-tak (cdr x) y z)
                (list-tak (cdr y) z x)
                (list-tak (cdr z) x y))))

(define (report name value)
  (display name) (display value) (newline))

(define (repeat n thunk)
  (if (= n 1) (thunk) (begin (thunk) (repeat (- n 1) thunk))))

(report "(tak 18 12 6)         " (repeat 10 (lambda () (tak 18 12 6))))
(report "(tak 18. 12. 6.)      " (repeat 400 (lambda () (tak 18. 12. 6.))))
(report "length of (list-tak)  "
        (repeat 30 (lambda () (length (list-tak (iota 18) (iota 12) (iota 6))))))
