; An object that is no error and that nothing handles.
(define (thrower x) (+ 1 (raise (list 'object x))))
(write 'start)
(newline)
(thrower 5)
