;; simplex: linear programs by the simplex method on a tableau of vectors, in inexact
;; arithmetic. Written for gcalloc from the known algorithm.
(import (scheme base) (harness))

;; Maximizes c x for A x <= b, x >= 0, with b >= 0. The last row of the tableau is the
;; objective's, and the last column b's.
(define (make-tableau a b c)
  (let* ((m (vector-length a)) (n (vector-length c)) (width (+ n m 1)))
    (let ((tableau (make-vector (+ m 1))))
      (do ((i 0 (+ i 1))) ((= i m))
        (let ((row (make-vector width 0.0)))
          (vector-copy! row 0 (vector-ref a i))
          (vector-set! row (+ n i) 1.0)
          (vector-set! row (- width 1) (vector-ref b i))
          (vector-set! tableau i row)))
      (let ((row (make-vector width 0.0)))
        (vector-copy! row 0 (vector-map - c))
        (vector-set! tableau m row))
      tableau)))

(define (last-element v) (vector-ref v (- (vector-length v) 1)))

;; The first column whose reduced cost is negative, or #f (Bland's rule).
(define (entering tableau)
  (let* ((row (last-element tableau)) (end (- (vector-length row) 1)))
    (let loop ((j 0))
      (cond ((= j end) #f)
            ((< (vector-ref row j) -1e-9) j)
            (else (loop (+ j 1)))))))

(define (leaving tableau column)
  (let ((m (- (vector-length tableau) 1)))
    (let loop ((i 0) (best #f) (least 0.0))
      (if (= i m)
          (or best (error "the linear program is unbounded"))
          (let* ((row (vector-ref tableau i)) (pivot (vector-ref row column)))
            (if (> pivot 1e-9)
                (let ((ratio (/ (last-element row) pivot)))
                  (if (or (not best) (< ratio least))
                      (loop (+ i 1) i ratio)
                      (loop (+ i 1) best least)))
                (loop (+ i 1) best least)))))))

(define (pivot! tableau i j)
  (let* ((row (vector-ref tableau i))
         (factor (/ 1.0 (vector-ref row j)))
         (row (vector-map (lambda (x) (* x factor)) row)))
    (vector-set! tableau i row)
    (do ((k 0 (+ k 1))) ((= k (vector-length tableau)))
      (unless (= k i)
        (let* ((other (vector-ref tableau k)) (factor (vector-ref other j)))
          (vector-set! tableau k
                       (vector-map (lambda (x y) (- x (* factor y))) other row)))))))

(define (maximum a b c)
  (let ((tableau (make-tableau a b c)))
    (let loop ()
      (let ((column (entering tableau)))
        (cond (column (pivot! tableau (leaving tableau column) column) (loop))
              (else (last-element (last-element tableau))))))))

;; The maximum of the Klee-Minty cube of n dimensions is 5 to the power of n; with this
;; rule the method visits very many of its corners.
(define (klee-minty n)
  (let ((a (make-vector n)) (b (make-vector n)) (c (make-vector n)))
    (do ((i 0 (+ i 1))) ((= i n) (maximum a b c))
      (let ((row (make-vector n 0.0)))
        (do ((j 0 (+ j 1))) ((= j i)) (vector-set! row j (inexact (expt 2 (+ (- i j) 1)))))
        (vector-set! row i 1.0)
        (vector-set! a i row)
        (vector-set! b i (inexact (expt 5 (+ i 1))))
        (vector-set! c i (inexact (expt 2 (- n i 1))))))))

(run-benchmark "simplex" 20 (lambda () (klee-minty 7)) 78125.0)
