;; ray: traces rays through spheres with shadows, in inexact arithmetic on records: of the
;; kind of the ray tracer in Graham's ANSI Common Lisp. Written for gcalloc.
(import (scheme base) (scheme inexact) (harness))

(define-record-type point (make-point x y z) point?
  (x point-x) (y point-y) (z point-z))

(define-record-type sphere (make-sphere center radius brightness) sphere?
  (center sphere-center) (radius sphere-radius) (brightness sphere-brightness))

(define (combine f a b)
  (make-point (f (point-x a) (point-x b)) (f (point-y a) (point-y b)) (f (point-z a) (point-z b))))

(define (dot a b)
  (+ (* (point-x a) (point-x b)) (* (point-y a) (point-y b)) (* (point-z a) (point-z b))))

(define (scale p factor)
  (make-point (* factor (point-x p)) (* factor (point-y p)) (* factor (point-z p))))

(define (unit p) (scale p (/ 1.0 (sqrt (dot p p)))))

;; The least positive distance at which the ray meets the sphere, or #f.
(define (meets sphere origin direction)
  (let* ((offset (combine - origin (sphere-center sphere)))
         (b (dot offset direction))
         (c (- (dot offset offset) (square (sphere-radius sphere))))
         (discriminant (- (* b b) c)))
    (and (>= discriminant 0.0)
         (let* ((root (sqrt discriminant)) (near (- (- b) root)) (far (- root b)))
           (cond ((> near 1e-6) near)
                 ((> far 1e-6) far)
                 (else #f))))))

;; The nearest hit: a pair of distance and sphere, or #f.
(define (first-hit world origin direction)
  (let loop ((spheres world) (best #f))
    (if (null? spheres)
        best
        (let ((distance (meets (car spheres) origin direction)))
          (loop (cdr spheres)
                (if (and distance (or (not best) (< distance (car best))))
                    (cons distance (car spheres))
                    best))))))

(define light (unit (make-point 1.0 2.0 -2.0)))

(define (shade world origin direction)
  (let ((hit (first-hit world origin direction)))
    (if (not hit)
        0.0
        (let* ((at (combine + origin (scale direction (car hit))))
               (normal (unit (combine - at (sphere-center (cdr hit)))))
               (cosine (dot normal light)))
          (if (or (<= cosine 0.0) (first-hit world at light))
              0.05
              (* cosine (sphere-brightness (cdr hit))))))))

(define world
  (let loop ((i 0) (l (list (make-sphere (make-point 0.0 0.0 20.0) 6.0 0.9))))
    (if (= i 16)
        l
        (loop (+ i 1)
              (cons (make-sphere (make-point (- (* 4.0 (modulo i 4)) 6.0)
                                             (- (* 4.0 (quotient i 4)) 6.0)
                                             12.0)
                                 1.0
                                 0.7)
                    l)))))

(define eye (make-point 0.0 0.0 -10.0))

;; How many of the rays of an image are dark, in shadow, and lit.
(define (run)
  (let loop ((i 0) (j 0) (dark 0) (shadow 0) (lit 0))
    (cond ((= i 40) (list dark shadow lit))
          ((= j 40) (loop (+ i 1) 0 dark shadow lit))
          (else
           (let ((value (shade world eye (unit (make-point (+ -9.9 (* .5 i)) (+ -9.9 (* .5 j)) 20.0)))))
             (cond ((= value 0.0) (loop i (+ j 1) (+ dark 1) shadow lit))
                   ((= value 0.05) (loop i (+ j 1) dark (+ shadow 1) lit))
                   (else (loop i (+ j 1) dark shadow (+ lit 1)))))))))

(run-benchmark "ray" 20 run '(1259 99 242))
