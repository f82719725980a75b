; Parameter objects, by what parameterize is made of.
(define (show . xs) (write xs) (newline))
(define p (make-parameter 10))
(define q (make-parameter 5 (lambda (x) (* x 2))))
(define (with-p v thunk) (%with-parameters (list p) (list v) thunk))
(show (p) (q) (procedure? p))
(show (with-p 1 p) (p))
(show (%with-parameters (list p q) '(1 2) (lambda () (list (p) (q)))) (q))
(show (with-p 1 (lambda () (with-p 2 (lambda () (p))))))
(call-with-values (lambda () (with-p 1 (lambda () (values (p) 2)))) show)

; Left by a continuation, and entered again.
(define k #f)
(show (call/cc (lambda (out) (with-p 'in (lambda () (out (p)))))) (p))
(let ((seen '()))
  (with-p 'bound (lambda () (call/cc (lambda (c) (set! k c))) (set! seen (cons (p) seen))))
  (set! seen (cons (p) seen))
  (if (< (length seen) 5) (with-p 'elsewhere (lambda () (k #f))))
  (show seen))

; The parameters are those of the raise in a handler, those of dynamic-wind in its procedures.
(show (with-exception-handler
       (lambda (e) (list e (p)))
       (lambda () (with-p 'raised (lambda () (raise-continuable 'x))))))
(with-p 'wind
  (lambda ()
    (dynamic-wind (lambda () (show 'before (p)))
                  (lambda () (with-p 'thunk (lambda () (show 'thunk (p)))))
                  (lambda () (show 'after (p))))))
(define (message thunk)
  (call/cc (lambda (k) (with-exception-handler (lambda (e) (k (error-object-message e))) thunk))))
(show (message (lambda () (p 1))))
(show (message (lambda () (%with-parameters (list car) '(1) (lambda () 1)))))
; The bindings of a million calls do not pile up.
(define (loop n) (if (> n 0) (begin (with-p n p) (loop (- n 1)))))
(loop 100000)
(show (p))
