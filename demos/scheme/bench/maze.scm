;; maze: carves a maze of hexagons with a union-find of records, and finds the way through
;; it by backtracking: of the kind of Olin Shivers's maze, and not that program. Written for
;; gcalloc.
(import (scheme base) (harness))

;; A hexagon; its root leads, through others', to that of all rooms connected with it.
(define-record-type cell (make-cell row column root neighbours open mark) cell?
  (row cell-row)
  (column cell-column)
  (root cell-root set-cell-root!)
  (neighbours cell-neighbours set-cell-neighbours!)
  (open cell-open set-cell-open!)
  (mark cell-mark set-cell-mark!))

(define (representative cell)
  (let ((root (cell-root cell)))
    (if root
        (let ((r (representative root)))
          (set-cell-root! cell r)
          r)
        cell)))

(define (make-grid rows columns)
  (let ((grid (make-vector (* rows columns))))
    (define (cell-at i j)
      (and (< -1 i rows) (< -1 j columns) (vector-ref grid (+ j (* i columns)))))
    (do ((i 0 (+ i 1))) ((= i rows))
      (do ((j 0 (+ j 1))) ((= j columns))
        (vector-set! grid (+ j (* i columns)) (make-cell i j #f '() '() #f))))
    (vector-for-each
     (lambda (cell)
       (let* ((i (cell-row cell)) (j (cell-column cell)) (shift (if (odd? i) 1 -1)))
         (set-cell-neighbours! cell
                               (list (cell-at i (+ j 1))
                                     (cell-at (+ i 1) j)
                                     (cell-at (+ i 1) (+ j shift))))))
     grid)
    grid))

;; All walls between neighbours, as pairs of cells.
(define (walls grid)
  (let ((result '()))
    (vector-for-each
     (lambda (cell)
       (for-each (lambda (other)
                   (when other (set! result (cons (cons cell other) result))))
                 (cell-neighbours cell)))
     grid)
    (list->vector result)))

(define (shuffle! v random)
  (do ((i (- (vector-length v) 1) (- i 1))) ((< i 1) v)
    (let* ((j (random (+ i 1))) (x (vector-ref v i)))
      (vector-set! v i (vector-ref v j))
      (vector-set! v j x))))

(define (carve! walls)
  (vector-for-each
   (lambda (wall)
     (let ((a (representative (car wall))) (b (representative (cdr wall))))
       (unless (eq? a b)
         (set-cell-root! a b)
         (set-cell-open! (car wall) (cons (cdr wall) (cell-open (car wall))))
         (set-cell-open! (cdr wall) (cons (car wall) (cell-open (cdr wall)))))))
   walls))

;; The cells on the way, or #f.
(define (way from to)
  (set-cell-mark! from #t)
  (if (eq? from to)
      (list to)
      (let loop ((others (cell-open from)))
        (cond ((null? others) #f)
              ((cell-mark (car others)) (loop (cdr others)))
              ((way (car others) to) => (lambda (rest) (cons from rest)))
              (else (loop (cdr others)))))))

(define (connected? path)
  (or (null? (cdr path))
      (and (memq (cadr path) (cell-open (car path)))
           (connected? (cdr path)))))

;; Whether the way leads from corner to corner, and the number of openings.
(define (run)
  (let* ((grid (make-grid 40 40)) (last (vector-ref grid (- (* 40 40) 1))))
    (carve! (shuffle! (walls grid) (make-random 3)))
    (let ((path (way (vector-ref grid 0) last)))
      (list (and (pair? path) (connected? path))
            (eq? (representative (vector-ref grid 0)) (representative last))
            (quotient (apply + (map (lambda (cell) (length (cell-open cell))) (vector->list grid)))
                      2)))))

(run-benchmark "maze" 50 run '(#t #t 1599))
