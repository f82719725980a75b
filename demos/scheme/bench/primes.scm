;; primes: the sieve of Eratosthenes on lists. Written for gcalloc.
(import (scheme base) (harness))

(define (interval from to)
  (if (> from to) '() (cons from (interval (+ from 1) to))))

(define (remove-multiples n l)
  (cond ((null? l) '())
        ((= 0 (modulo (car l) n)) (remove-multiples n (cdr l)))
        (else (cons (car l) (remove-multiples n (cdr l))))))

(define (sieve l)
  (if (null? l)
      '()
      (cons (car l) (sieve (remove-multiples (car l) (cdr l))))))

(run-benchmark "primes" 5 (lambda () (length (sieve (interval 2 10000)))) 1229)
