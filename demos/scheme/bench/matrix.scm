;; matrix: counts the square matrices of zeros and ones up to the order of their rows and
;; columns, by canonical forms on lists: of the kind of the matrix benchmark, and not that
;; program. Written for gcalloc.
(import (scheme base) (harness))

(define (insert-everywhere x l)
  (if (null? l)
      (list (list x))
      (cons (cons x l)
            (map (lambda (rest) (cons (car l) rest)) (insert-everywhere x (cdr l))))))

(define (permutations l)
  (if (null? l)
      '(())
      (apply append
             (map (lambda (p) (insert-everywhere (car l) p)) (permutations (cdr l))))))

(define (all-rows n)
  (if (= n 0)
      '(())
      (let ((shorter (all-rows (- n 1))))
        (append (map (lambda (row) (cons 0 row)) shorter)
                (map (lambda (row) (cons 1 row)) shorter)))))

(define (row<? a b)
  (and (pair? a)
       (or (< (car a) (car b))
           (and (= (car a) (car b)) (row<? (cdr a) (cdr b))))))

(define (insert-row row rows)
  (if (or (null? rows) (row<? row (car rows)))
      (cons row rows)
      (cons (car rows) (insert-row row (cdr rows)))))

(define (sort-rows rows)
  (if (null? rows) '() (insert-row (car rows) (sort-rows (cdr rows)))))

(define (matrix<? a b)
  (and (pair? a)
       (or (row<? (car a) (car b))
           (and (equal? (car a) (car b)) (matrix<? (cdr a) (cdr b))))))

(define (transpose m) (apply map list m))

;; The rows are sorted already; whether no order of the columns gives a lesser matrix.
(define (canonical? m)
  (let loop ((orders (permutations (transpose m))))
    (or (null? orders)
        (and (not (matrix<? (sort-rows (transpose (car orders))) m))
             (loop (cdr orders))))))

;; Counts the canonical matrices whose rows do not descend.
(define (count-matrices n)
  (let ((rows (all-rows n)))
    (let grow ((k n) (chosen '()))
      (if (= k 0)
          (if (canonical? (reverse chosen)) 1 0)
          (let loop ((rows rows) (total 0))
            (cond ((null? rows) total)
                  ((and (pair? chosen) (row<? (car rows) (car chosen))) (loop (cdr rows) total))
                  (else (loop (cdr rows) (+ total (grow (- k 1) (cons (car rows) chosen)))))))))))

(run-benchmark "matrix" 5 (lambda () (map count-matrices '(1 2 3 4))) '(2 7 36 317))
