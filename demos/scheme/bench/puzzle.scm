;; puzzle: Forest Baskett's puzzle: packs eighteen boxes of four classes into a cube of
;; five, in a cube of eight. Written for gcalloc from the known problem.
(import (scheme base) (harness))

(define edge 8)
(define size (* edge edge edge))
(define kinds
  ;; (class x y z): how many cells a piece extends beyond one in each direction
  '((0 3 1 0) (0 1 0 3) (0 0 3 1) (0 1 3 0) (0 3 0 1) (0 0 1 3)
    (1 2 0 0) (1 0 2 0) (1 0 0 2)
    (2 1 1 0) (2 1 0 1) (2 0 1 1)
    (3 1 1 1)))

(define (cell x y z) (+ x (* edge (+ y (* edge z)))))

;; The cells that a piece covers when it lies at the origin.
(define (covered kind)
  (let loop ((x 0) (y 0) (z 0) (cells '()))
    (cond ((> x (cadr kind)) (reverse cells))
          ((> y (list-ref kind 2)) (loop (+ x 1) 0 0 cells))
          ((> z (list-ref kind 3)) (loop x (+ y 1) 0 cells))
          (else (loop x y (+ z 1) (cons (cell x y z) cells))))))

(define classes (list->vector (map car kinds)))
(define pieces (list->vector (map (lambda (kind) (covered kind)) kinds)))

(define (new-board)
  (let ((board (make-vector size #t)))
    (do ((x 1 (+ x 1))) ((> x 5) board)
      (do ((y 1 (+ y 1))) ((> y 5))
        (do ((z 1 (+ z 1))) ((> z 5))
          (vector-set! board (cell x y z) #f))))))

(define (fits? board piece at)
  (or (null? piece)
      (and (not (vector-ref board (+ at (car piece))))
           (fits? board (cdr piece) at))))

(define (fill! board piece at filled)
  (for-each (lambda (offset) (vector-set! board (+ at offset) filled)) piece))

(define (first-free board from)
  (if (or (= from size) (not (vector-ref board from)))
      from
      (first-free board (+ from 1))))

;; Returns whether there is a solution, and how often a next cell was tried.
(define (solve)
  (let ((board (new-board)) (left (vector 13 3 1 1)) (trials 0))
    (define (add-to-class! class n)
      (vector-set! left class (+ n (vector-ref left class))))
    (define (try from)
      (set! trials (+ trials 1))
      (let ((at (first-free board from)))
        (or (= at size)
            (let loop ((i 0))
              (and (< i (vector-length pieces))
                   (or (try-piece i at) (loop (+ i 1))))))))
    (define (try-piece i at)
      (let ((class (vector-ref classes i)) (piece (vector-ref pieces i)))
        (and (> (vector-ref left class) 0)
             (fits? board piece at)
             (begin
               (fill! board piece at #t)
               (add-to-class! class -1)
               (or (try (+ at 1))
                   (begin
                     (fill! board piece at #f)
                     (add-to-class! class 1)
                     #f))))))
    (let ((solved (try 0)))
      (list solved trials))))

(run-benchmark "puzzle" 20 solve '(#t 2006))
