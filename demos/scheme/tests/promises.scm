; Promises, by what delay and delay-force are made of.
(define (show . xs) (write xs) (newline))
(define count 0)
(define (lazy thunk) (%make-lazy-promise #f thunk))
(define (eager thunk) (lazy (lambda () (make-promise (thunk)))))
(define p (eager (lambda () (set! count (+ count 1)) (* 6 7))))
(show (promise? p) (promise? 5) (force p) (force p) count)
(show (force (make-promise 5)) (force 5) (promise? (make-promise p)) (eq? p (make-promise p)))

; Iteratively, however long the chain.
(define (stream-loop n) (if (= n 0) (make-promise 'done) (lazy (lambda () (stream-loop (- n 1))))))
(show (force (stream-loop 300000)))

; Re-entrant, as in the report.
(define x 5)
(define r (eager (lambda () (set! count (+ count 1)) (if (> count x) count (force r)))))
(set! count 0)
(show (force r))
(set! x 10)
(show (force r))
(define once (let ((first? #t)) (lazy (lambda () (if first? (begin (set! first? #f) (make-promise (force once))) (make-promise 'second))))))
(show (force once))
(show (call/cc (lambda (k) (with-exception-handler (lambda (e) (k (error-object-message e))) (lambda () (force (lazy (lambda () 5))))))))
