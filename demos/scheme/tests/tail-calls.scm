; Calls in tail position take no stack, however they are written.
(define (count-up i n) (if (= i n) i (count-up (+ i 1) n)))
(write (count-up 0 1000000)) (newline)

(define (even-steps? n) (if (= n 0) #t (odd-steps? (- n 1))))
(define (odd-steps? n) (if (= n 0) #f (even-steps? (- n 1))))
(write (even-steps? 1000001)) (newline)

(define (through-and-or n) (and #t (or #f (cond ((= n 0) 'done) (else (through-and-or (- n 1)))))))
(write (through-and-or 1000000)) (newline)

(define (through-let n)
  (let* ((m (- n 1)) (k m))
    (case k ((-1) 'done) (else (when #t (begin (through-let k)))))))
(write (through-let 1000000)) (newline)

(define (through-apply n) (if (= n 0) 'done (apply through-apply (list (- n 1)))))
(write (through-apply 1000000)) (newline)

(define (through-rest n . more) (if (= n 0) more (through-rest (- n 1) n 'x)))
(write (through-rest 1000000)) (newline)

(define (through-table n)
  (hash-table-ref (make-hash-table) n (lambda () (if (= n 0) 'done (through-table (- n 1))))))
(write (through-table 100000)) (newline)

(define (more-arguments a) (if (= a 0) 'done (five (- a 1) 2 3 4 5)))
(define (five a b c d e) (more-arguments a))
(write (more-arguments 1000000)) (newline)
