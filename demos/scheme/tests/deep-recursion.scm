; A million activations fit on the evaluator's stack; lists nest deeply too.
(define (count n) (if (= n 0) 0 (+ 1 (count (- n 1)))))
(write (count 1000000)) (newline)

(define (build n) (if (= n 0) '() (cons n (build (- n 1)))))
(write (apply + (build 200000))) (newline)

(define (nest n) (let loop ((i 0) (v '())) (if (= i n) v (loop (+ i 1) (list v)))))
(write (string-length (call-with-output-string (lambda (port) (write (nest 10000) port)))))
(newline)
