;; conform: decides which of many recursive interface types conform to which, with lists of
;; assumptions and a memo: of the kind of Miller's conform, and not that program. Written
;; for gcalloc.
(import (scheme base) (harness))

;; A type has a number and a list of operations (name argument-type result-type).
(define-record-type type (make-type number operations) type?
  (number type-number)
  (operations type-operations set-type-operations!))

(define (make-types n)
  (let ((random (make-random 5)) (types (make-vector n)))
    (do ((i 0 (+ i 1))) ((= i n)) (vector-set! types i (make-type i '())))
    (do ((i 0 (+ i 1))) ((= i n) types)
      (let loop ((k (random 4)) (names '(a b c d)) (operations '()))
        (if (= k 0)
            (set-type-operations! (vector-ref types i) operations)
            (let* ((argument (vector-ref types (random n)))
                   (result (vector-ref types (random n))))
              (loop (- k 1)
                    (cdr names)
                    (cons (list (car names) argument result) operations))))))))

;; One type conforms to another if it has its operations, each with an argument to which
;; the other's conforms, and a result that conforms to the other's. Assumptions are pairs
;; of types taken to conform, on which recursive types depend.
(define (conforms? a b assumptions k)
  (cond ((eq? a b) (k assumptions))
        ((assumed? a b assumptions) (k assumptions))
        (else
         (let loop ((wanted (type-operations b))
                    (assumptions (cons (cons a b) assumptions)))
           (if (null? wanted)
               (k assumptions)
               (let ((found (assq (car (car wanted)) (type-operations a))))
                 (and found
                      (let ((after (operation-conforms? found (car wanted) assumptions)))
                        (and after (loop (cdr wanted) after))))))))))

(define (operation-conforms? a b assumptions)
  (conforms? (cadr b) (cadr a) assumptions
             (lambda (after)
               (conforms? (list-ref a 2) (list-ref b 2) after (lambda (last) last)))))

(define (assumed? a b assumptions)
  (and (pair? assumptions)
       (or (and (eq? a (caar assumptions)) (eq? b (cdar assumptions)))
           (assumed? a b (cdr assumptions)))))

(define (run)
  (let* ((n 40) (types (make-types n)))
    (let loop ((i 0) (j 0) (count 0))
      (cond ((= i n) count)
            ((= j n) (loop (+ i 1) 0 count))
            ((conforms? (vector-ref types i) (vector-ref types j) '() (lambda (a) #t))
             (loop i (+ j 1) (+ count 1)))
            (else (loop i (+ j 1) count))))))

(run-benchmark "conform" 20 run 1200)
