; dynamic-wind: the order of before and after, with continuations in and out.
(define trace '())
(define (note x) (set! trace (cons x trace)))
(define (show-trace) (write (reverse trace)) (newline) (set! trace '()))
(define (wind name thunk)
  (dynamic-wind (lambda () (note (list 'in name)))
                thunk
                (lambda () (note (list 'out name)))))

(note (wind 'a (lambda () (note 'body) 'value)))
(show-trace)

; Out of two at once.
(note (call/cc (lambda (k) (wind 'a (lambda () (wind 'b (lambda () (k 'escaped))))))))
(show-trace)

; In again, the example of the report.
(write (let ((path '()) (c #f))
         (let ((add (lambda (s) (set! path (cons s path)))))
           (dynamic-wind
            (lambda () (add 'connect))
            (lambda () (add (call/cc (lambda (c0) (set! c c0) 'talk1))))
            (lambda () (add 'disconnect)))
           (if (< (length path) 4) (c 'talk2) (reverse path)))))
(newline)

; From one into another that has an outer one in common with it.
(define k #f)
(define times 0)
(wind 'outer
      (lambda ()
        (wind 'x (lambda () (wind 'y (lambda () (call/cc (lambda (c) (set! k c))) (note 'y)))))
        (set! times (+ times 1))
        (if (< times 3) (wind 'z (lambda () (k #f))))
        (note 'end)))
(show-trace)

; Several values pass through.
(call-with-values (lambda () (wind 'v (lambda () (values 1 2 3)))) (lambda all (note all)))
(call-with-values (lambda () (wind 'v (lambda () (values)))) (lambda all (note all)))
(show-trace)

; An escape from after and from before.
(note (call/cc (lambda (k) (dynamic-wind (lambda () #f) (lambda () 1) (lambda () (k 'from-after))))))
(note (call/cc (lambda (k) (dynamic-wind (lambda () (k 'from-before)) (lambda () 1) (lambda () (note 'never))))))
(show-trace)

; Handlers escape through it.
(note (call/cc
       (lambda (k)
         (with-exception-handler
          (lambda (e) (note 'handler) (k (list 'caught e)))
          (lambda () (wind 'a (lambda () (raise 'oops))))))))
(show-trace)

; before and after see the handlers of where dynamic-wind was called.
(note (call/cc
       (lambda (k)
         (with-exception-handler
          (lambda (e) (k (list 'outer e)))
          (lambda ()
            (dynamic-wind
             (lambda () #f)
             (lambda ()
               (with-exception-handler
                (lambda (e) (k (list 'inner e)))
                (lambda () (call/cc (lambda (here) (set! times here))) (k 'left))))
             (lambda () (raise 'in-after))))))))
(show-trace)

; Deep nesting, all left at once.
(define left 0)
(define (nest n k)
  (if (= n 0)
      (k 'out)
      (dynamic-wind (lambda () #f) (lambda () (nest (- n 1) k) 0) (lambda () (set! left (+ left 1))))))
(write (list (call/cc (lambda (k) (nest 10000 k))) left))
(newline)

; exit runs what is to be done after.
(wind 'exit
      (lambda ()
        (dynamic-wind (lambda () #f)
                      (lambda () (call/cc (lambda (k) (exit #t))) (note 'never))
                      (lambda () (note 'after) (show-trace)))))
