;; nqueens: all ways to place eight queens, with lists of rows. Written for gcalloc.
(import (scheme base) (harness))

(define (integers-to n)
  (let loop ((i n) (l '()))
    (if (= i 0) l (loop (- i 1) (cons i l)))))

(define (safe? row distance placed)
  (or (null? placed)
      (and (not (= (car placed) (+ row distance)))
           (not (= (car placed) (- row distance)))
           (safe? row (+ distance 1) (cdr placed)))))

(define (count-solutions candidates rejected placed)
  (if (null? candidates)
      (if (null? rejected) 1 0)
      (+ (if (safe? (car candidates) 1 placed)
             (count-solutions (append (cdr candidates) rejected) '() (cons (car candidates) placed))
             0)
         (count-solutions (cdr candidates) (cons (car candidates) rejected) placed))))

(run-benchmark "nqueens" 50 (lambda () (count-solutions (integers-to 8) '() '())) 92)
