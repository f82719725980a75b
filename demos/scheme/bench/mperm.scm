;; mperm: permutations as lists that share their tails, in a queue of which the oldest are
;; dropped: of the memory behaviour of MpermNKL. Written for gcalloc.
(import (scheme base) (harness))

;; All permutations of the list; those that begin with the same element share nothing
;; but their tails with others.
(define (permutations l)
  (if (null? l)
      '(())
      (let insert-all ((rests (permutations (cdr l))) (result '()))
        (if (null? rests)
            result
            (insert-all (cdr rests) (insert (car l) (car rests) result))))))

(define (insert x l result)
  (let loop ((before '()) (after l) (result (cons (cons x l) result)))
    (if (null? after)
        result
        (let ((before (cons (car after) before)))
          (loop before (cdr after) (cons (rejoin before (cons x (cdr after))) result))))))

(define (rejoin before after)
  (if (null? before) after (rejoin (cdr before) (cons (car before) after))))

(define (sum-all ll)
  (let loop ((ll ll) (total 0))
    (if (null? ll)
        total
        (loop (cdr ll) (+ total (apply + (car ll)))))))

(define queue-length 4)
(define rounds 10)

(define (run)
  (let ((queue (make-vector queue-length '())))
    (do ((i 0 (+ i 1))) ((= i rounds))
      (vector-set! queue (modulo i queue-length) (permutations '(1 2 3 4 5 6 7 8))))
    (apply + (map sum-all (vector->list queue)))))

(run-benchmark "mperm" 2 run (* queue-length 40320 36))
