;; destruct: lists that are grown, rotated, cut and spliced destructively: of the kind of
;; Gabriel's destructive benchmark, and not that program. Written for gcalloc.
(import (scheme base) (harness))

(define (last-pair l)
  (if (pair? (cdr l)) (last-pair (cdr l)) l))

(define (append! a b)
  (cond ((null? a) b)
        (else (set-cdr! (last-pair a) b) a)))

;; Cuts l after n pairs, and returns the rest.
(define (cut! l n)
  (let ((end (list-tail l (- n 1))))
    (let ((rest (cdr end)))
      (set-cdr! end '())
      rest)))

(define (rotate! l n)
  (let ((rest (cut! l n)))
    (append! rest l)))

(define (reverse! l)
  (let loop ((l l) (result '()))
    (if (null? l)
        result
        (let ((next (cdr l)))
          (set-cdr! l result)
          (loop next l)))))

(define (stamp! l i)
  (do ((l l (cdr l))) ((null? l)) (set-car! l (+ i (car l)))))

(define (make-rows n m)
  (do ((i 0 (+ i 1)) (rows '() (cons (make-list m i) rows))) ((= i n) rows)))

(define (step! rows i)
  (let loop ((r rows))
    (when (and (pair? r) (pair? (cdr r)))
      (let* ((a (car r))
             (b (cadr r))
             (rest-a (cut! a (+ 1 (modulo i (- (length a) 1)))))
             (rest-b (cut! b (+ 1 (modulo (* 3 i) (- (length b) 1))))))
        (stamp! rest-a i)
        (set-car! r (append! a (reverse! rest-b)))
        (set-car! (cdr r) (append! b (rotate! (append! rest-a (list i 0)) 2))))
      (loop (cddr r)))))

(define (total rows)
  (apply + (map (lambda (row) (apply + row)) rows)))

(define (run)
  (let ((rows (make-rows 12 10)))
    (do ((i 1 (+ i 1))) ((= i 60)) (step! rows i))
    (list (apply + (map length rows)) (modulo (total rows) 10007))))

(run-benchmark "destruct" 100 run '(828 7676))
