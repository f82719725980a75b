;; mazefun: carves mazes in a functional style, a matrix as a list of lists that is copied
;; with each change: of the kind of Feeley's mazefun, and not that program. Written for
;; gcalloc.
(import (scheme base) (harness))

(define (make-matrix rows columns f)
  (let row ((i (- rows 1)) (m '()))
    (if (< i 0)
        m
        (row (- i 1)
             (cons (let column ((j (- columns 1)) (r '()))
                     (if (< j 0) r (column (- j 1) (cons (f i j) r))))
                   m)))))

(define (matrix-ref m i j) (list-ref (list-ref m i) j))

(define (replace-at l i f)
  (if (= i 0)
      (cons (f (car l)) (cdr l))
      (cons (car l) (replace-at (cdr l) (- i 1) f))))

(define (matrix-with m i j value)
  (replace-at m i (lambda (row) (replace-at row j (lambda (old) value)))))

;; Removes the i-th element: returns it and the rest.
(define (take-out l i)
  (if (= i 0)
      (values (car l) (cdr l))
      (let-values (((x rest) (take-out (cdr l) (- i 1))))
        (values x (cons (car l) rest)))))

(define (shuffle l n random)
  (if (= n 0)
      '()
      (let-values (((x rest) (take-out l (random n))))
        (cons x (shuffle rest (- n 1) random)))))

;; Rooms lie at odd rows and columns; walls between two of them at one even and one odd.
(define (inner-walls rows columns)
  (apply append
         (make-matrix rows columns
                      (lambda (i j)
                        (if (and (odd? (+ i j)) (< 0 i (- rows 1)) (< 0 j (- columns 1)))
                            (list i j)
                            #f)))))

(define (filter keep? l)
  (cond ((null? l) '())
        ((keep? (car l)) (cons (car l) (filter keep? (cdr l))))
        (else (filter keep? (cdr l)))))

;; Each room has a number; where a wall parts two numbers it goes, and they become one.
(define (carve m walls)
  (if (null? walls)
      m
      (let* ((i (car (car walls)))
             (j (cadr (car walls)))
             (a (if (even? i) (matrix-ref m (- i 1) j) (matrix-ref m i (- j 1))))
             (b (if (even? i) (matrix-ref m (+ i 1) j) (matrix-ref m i (+ j 1)))))
        (carve (if (eqv? a b) m (join (matrix-with m i j a) a b)) (cdr walls)))))

(define (join m a b)
  (map (lambda (row) (map (lambda (x) (if (eqv? x b) a x)) row)) m))

(define (make-maze rows columns random)
  (let ((walls (filter pair? (inner-walls rows columns))))
    (carve (make-matrix rows columns
                        (lambda (i j) (and (odd? i) (odd? j) (+ j (* i columns)))))
           (shuffle walls (length walls) random))))

(define (count-open m)
  (apply + (map (lambda (row) (length (filter number? row))) m)))

(define (one-room? m)
  (let ((first (matrix-ref m 1 1)))
    (null? (filter (lambda (x) (and x (not (eqv? x first)))) (apply append m)))))

;; A perfect maze of r rooms has r - 1 openings.
(define (run)
  (let ((m (make-maze 21 21 (make-random 9))))
    (list (count-open m) (one-room? m))))

(run-benchmark "mazefun" 20 run '(199 #t))
