;; lattice: enumerates the monotone maps between two lattices as lists of pairs, by
;; extending partial maps one element at a time. Written for gcalloc.
(import (scheme base) (harness))

;; A lattice is a list of its elements in an order that extends its own, and a comparison.
(define (make-lattice elements less?) (cons elements less?))
(define (lattice-elements lattice) (car lattice))
(define (lattice-less? lattice) (cdr lattice))

(define chain (make-lattice '(0 1) <=))

(define (product a b)
  (make-lattice
   (apply append
          (map (lambda (x) (map (lambda (y) (cons x y)) (lattice-elements b)))
               (lattice-elements a)))
   (let ((a<=? (lattice-less? a)) (b<=? (lattice-less? b)))
     (lambda (p q) (and (a<=? (car p) (car q)) (b<=? (cdr p) (cdr q)))))))

(define (power lattice n)
  (if (= n 1) lattice (product lattice (power lattice (- n 1)))))

;; Whether the map, with x mapped to y, stays monotone.
(define (extends? from<=? to<=? x y mapped)
  (or (null? mapped)
      (let ((pair (car mapped)))
        (and (or (not (from<=? (car pair) x)) (to<=? (cdr pair) y))
             (or (not (from<=? x (car pair))) (to<=? y (cdr pair)))
             (extends? from<=? to<=? x y (cdr mapped))))))

(define (monotone-maps from to)
  (let ((from<=? (lattice-less? from)) (to<=? (lattice-less? to)))
    (let extend ((elements (lattice-elements from)) (maps '(())))
      (if (null? elements)
          maps
          (let ((x (car elements)))
            (let each-map ((maps maps) (result '()))
              (if (null? maps)
                  (extend (cdr elements) result)
                  (let each-value ((values (lattice-elements to)) (result result))
                    (cond ((null? values) (each-map (cdr maps) result))
                          ((extends? from<=? to<=? x (car values) (car maps))
                           (each-value (cdr values)
                                       (cons (cons (cons x (car values)) (car maps)) result)))
                          (else (each-value (cdr values) result)))))))))))

;; The maps of a power of the chain into the chain are counted by Dedekind's numbers; into
;; a product by the product of the counts.
(define (run)
  (map (lambda (n m) (length (monotone-maps (power chain n) (power chain m))))
       '(2 3 4 4 3)
       '(1 1 1 2 3)))

(run-benchmark "lattice" 3 run '(6 20 168 28224 8000))
