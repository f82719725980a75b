; Primes by the sieve of Eratosthenes, once over lists and once over a vector.

; Each prime filters its multiples out of what is left.
(define (list-sieve limit)
  (let loop ((candidates (iota (- limit 1) 2)) (primes '()))
    (let ((prime (car candidates)))
      (if (> (* prime prime) limit)
          (append (reverse primes) candidates)
          (loop (filter (lambda (n) (not (= 0 (remainder n prime)))) (cdr candidates))
                (cons prime primes))))))

(define (vector-sieve limit)
  (define prime? (make-vector (+ limit 1) #t))
  (define (strike! n step)
    (when (<= n limit)
      (vector-set! prime? n #f)
      (strike! (+ n step) step)))
  (let loop ((n 2) (primes '()))
    (cond ((> n limit) (reverse primes))
          ((vector-ref prime? n)
           (strike! (* n n) n)
           (loop (+ n 1) (cons n primes)))
          (else (loop (+ n 1) primes)))))

(define (last l)
  (if (null? (cdr l)) (car l) (last (cdr l))))

(define (report name primes)
  (display name)
  (display (length primes))
  (display " primes, the largest is ")
  (display (last primes))
  (newline))

(define (times n thunk)
  (do ((i 1 (+ i 1)) (result (thunk) (thunk))) ((= i n) result)))

(report "lists:  " (times 8 (lambda () (list-sieve 200000))))
(report "vector: " (times 20 (lambda () (vector-sieve 300000))))
