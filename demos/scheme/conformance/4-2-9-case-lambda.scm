;; R7RS section 4.2.9: case-lambda.
(import (scheme base) (scheme case-lambda) (test))

(section "4.2.9 Case-lambda")
(define range
  (case-lambda
    ((e) (range 0 e))
    ((b e) (do ((r '() (cons e r)) (e (- e 1) (- e 1))) ((< e b) r)))))
(test '(0 1 2) (range 3))
(test '(3 4) (range 3 5))
(define plus
  (case-lambda
    (() 0)
    ((x) x)
    ((x y) (+ x y))
    ((x y . rest) (apply plus (+ x y) rest))))
(test 0 (plus))
(test 1 (plus 1))
(test 3 (plus 1 2))
(test 6 (plus 1 2 3))
(test 55 (apply plus '(1 2 3 4 5 6 7 8 9 10)))
(test #t (procedure? plus))
(test '(all 1 2 3) ((case-lambda ((a) 'one) (all (cons 'all all))) 1 2 3))
(test 'one ((case-lambda ((a) 'one) (all 'all)) 1))
(test '() ((case-lambda (all all))))
(test 'first ((case-lambda ((a . r) 'first) ((a) 'second)) 1))
(test '(1 ()) ((case-lambda ((a . r) (list a r)) (() 'none)) 1))
(test 'none ((case-lambda ((a . r) (list a r)) (() 'none))))
(test 3 ((case-lambda ((a) (define b (+ a 1)) (+ b 1))) 1))
(test '(2 1) (let ((n 0))
               (let ((f (case-lambda (() n) ((v) (set! n v)))))
                 (f 1)
                 (let ((a (f))) (f 2) (list (f) a)))))
(test-error ((case-lambda ((a) 1) ((a b) 2))))
(test-error ((case-lambda ((a) 1) ((a b) 2)) 1 2 3))
(test-error ((case-lambda ((a b . c) 2)) 1))

(summary)
