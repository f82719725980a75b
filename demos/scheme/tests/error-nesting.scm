; Expressions nested too deep for the C stack are an error, not a crash.
(write 'start)
(newline)
(define (nest n expression)
  (if (= n 0) expression (nest (- n 1) (list '+ expression))))
(eval (nest 3000000 1))
