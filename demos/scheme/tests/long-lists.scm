; Long lists are read, printed, copied and compared without recursion.
(define long (iota 300000))
(define text (call-with-output-string (lambda (port) (write long port))))
(define copy (read (open-input-string text)))
(write (list (string-length text) (length copy) (equal? long copy))) (newline)
(write (apply + long)) (newline)
