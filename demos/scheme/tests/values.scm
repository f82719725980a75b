; Multiple values.
(define (show . xs) (write xs) (newline))
(call-with-values (lambda () (values 1 2 3)) show)
(call-with-values (lambda () (values)) show)
(call-with-values (lambda () (values 1)) show)
(call-with-values (lambda () 'one) show)
(call-with-values * -)
(show (call-with-values (lambda () (values 4 5)) (lambda (a b) b)))
(show (values 7) (+ 1 (values 8)))
(show (call-with-values values list))

; Through tail calls, conditionals, let, apply and eval.
(define (both x) (if (> x 0) (let ((y (* x x))) (values x y)) (values 0 0)))
(define (pass x) (both x))
(call-with-values (lambda () (pass 3)) show)
(call-with-values (lambda () (apply values '(1 2 3 4))) show)
(call-with-values (lambda () (eval '(values 1 2))) show)
(call-with-values (lambda () (apply pass '(-1))) show)

; Where nobody wants them.
(begin (values 1 2) (show 'ignored))
(values 1 2 3)
(values)
(for-each (lambda (x) (values x x)) '(1 2))

; Through a continuation.
(call-with-values (lambda () (call/cc (lambda (k) (k 1 2)))) show)
(call-with-values (lambda () (+ 1 (call/cc (lambda (k) (k 1))))) show)
(call-with-values (lambda () (call/cc (lambda (k) (k)))) show)
(call-with-values (lambda () (with-exception-handler (lambda (e) (values 1 2)) (lambda () (raise-continuable 'x)))) show)

; A loop by call-with-values takes no stack.
(define (loop n) (if (= n 0) 'done (call-with-values (lambda () (values n 1)) (lambda (a b) (loop (- a b))))))
(show (loop 1000000))
; So many values that the stack has to grow for them.
(define many (iota 100000))
(call-with-values (lambda () (apply values many)) (lambda all (show (length all) (apply + all))))

; Where one is wanted it is an error.
(define (message thunk)
  (call/cc (lambda (k) (with-exception-handler (lambda (e) (k (error-object-message e))) thunk))))
(show (message (lambda () (+ 1 (values 1 2)))))
(show (message (lambda () (list (values)))))
(show (message (lambda () (let ((x (values 1 2))) x))))
(show (message (lambda () (call/cc (lambda (k) (+ 1 (call/cc (lambda (k) (k 1 2)))))))))
