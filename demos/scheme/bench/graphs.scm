;; graphs: counts the graphs of six vertices up to isomorphism, with higher-order procedures
;; on vectors and lists: of the kind of the graphs benchmark, and not that program.
;; Written for gcalloc.
(import (scheme base) (harness))

(define (fold-range from to f value)
  (if (= from to) value (fold-range (+ from 1) to f (f from value))))

(define (append-map f l) (apply append (map f l)))

(define (without x l)
  (cond ((null? l) '())
        ((eqv? x (car l)) (cdr l))
        (else (cons (car l) (without x (cdr l))))))

(define (permutations l)
  (if (null? l)
      '(())
      (append-map (lambda (x)
                    (map (lambda (p) (cons x p)) (permutations (without x l))))
                  l)))

;; The pairs of vertices, as vectors of two, in a fixed order.
(define (vertex-pairs n)
  (list->vector
   (fold-range 0 n
               (lambda (i l)
                 (fold-range 0 i (lambda (j l) (cons (vector i j) l)) l))
               '())))

(define (pair-index pairs a b)
  (let loop ((k 0))
    (let ((p (vector-ref pairs k)))
      (if (or (and (= a (vector-ref p 0)) (= b (vector-ref p 1)))
              (and (= b (vector-ref p 0)) (= a (vector-ref p 1))))
          k
          (loop (+ k 1))))))

;; Where each pair goes under each permutation of the vertices.
(define (pair-permutations n pairs)
  (map (lambda (p)
         (let ((p (list->vector p)))
           (vector-map (lambda (pair)
                         (pair-index pairs
                                     (vector-ref p (vector-ref pair 0))
                                     (vector-ref p (vector-ref pair 1))))
                       pairs)))
       (permutations (fold-range 0 n cons '()))))

;; A graph is a vector of booleans by pair. Whether none of its images precedes it.
(define (canonical? graph permutations)
  (or (null? permutations)
      (and (not (image-precedes? graph (car permutations) 0))
           (canonical? graph (cdr permutations)))))

(define (image-precedes? graph permutation k)
  (and (< k (vector-length graph))
       (let ((own (vector-ref graph k)) (image (vector-ref graph (vector-ref permutation k))))
         (if (eq? own image)
             (image-precedes? graph permutation (+ k 1))
             own))))

(define (count-graphs n)
  (let* ((pairs (vertex-pairs n))
         (permutations (pair-permutations n pairs))
         (size (vector-length pairs)))
    (let grow ((k 0) (chosen '()))
      (if (= k size)
          (if (canonical? (list->vector chosen) permutations) 1 0)
          (+ (grow (+ k 1) (cons #f chosen))
             (grow (+ k 1) (cons #t chosen)))))))

(run-benchmark "graphs" 5 (lambda () (map count-graphs '(2 3 4 5 6))) '(2 4 11 34 156))
