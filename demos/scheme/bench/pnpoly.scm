;; pnpoly: whether points lie in a polygon, in inexact arithmetic. Written for gcalloc from
;; the known crossing-number test.
(import (scheme base) (harness))

(define (inside? xs ys x y)
  (let ((n (vector-length xs)))
    (let loop ((i 0) (j (- n 1)) (inside #f))
      (if (= i n)
          inside
          (let ((xi (vector-ref xs i)) (yi (vector-ref ys i))
                (xj (vector-ref xs j)) (yj (vector-ref ys j)))
            (loop (+ i 1)
                  i
                  (if (and (not (eq? (<= yi y) (<= yj y)))
                           (< x (+ xi (/ (* (- xj xi) (- y yi)) (- yj yi)))))
                      (not inside)
                      inside)))))))

;; A star with four points, whose inner corners lie at (+-1, +-1), its outer ones at 4.
(define xs #(4. 1. 0. -1. -4. -1. 0. 1.))
(define ys #(0. 1. 4. 1. 0. -1. -4. -1.))

;; Counts the points of a grid of 64 by 64 that lie in the star, whose area is 16.
(define (run)
  (let loop ((i 0) (j 0) (count 0))
    (cond ((= i 64) count)
          ((= j 64) (loop (+ i 1) 0 count))
          ((inside? xs ys (+ -3.9375 (* .125 i)) (+ -3.9375 (* .125 j)))
           (loop i (+ j 1) (+ count 1)))
          (else (loop i (+ j 1) count)))))

(run-benchmark "pnpoly" 50 run 1024)
