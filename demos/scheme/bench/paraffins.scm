;; paraffins: generates all paraffins (alkanes) of up to 17 carbon atoms as structures of
;; radicals. Written for gcalloc from the algorithm that Turner described.
(import (scheme base) (harness))

;; For each way n = a + b + c with a <= b <= c, calls f with each choice of radicals of
;; these sizes without regard to their order.
(define (for-each-triple radicals n f)
  (do ((a 0 (+ a 1))) ((> (* 3 a) n))
    (do ((b a (+ b 1))) ((> (+ a (* 2 b)) n))
      (let ((c (- n a b)))
        (let each-a ((as (vector-ref radicals a)))
          (unless (null? as)
            (let each-b ((bs (if (= a b) as (vector-ref radicals b))))
              (unless (null? bs)
                (let each-c ((cs (if (= b c) bs (vector-ref radicals c))))
                  (unless (null? cs)
                    (f (car as) (car bs) (car cs))
                    (each-c (cdr cs))))
                (each-b (cdr bs))))
            (each-a (cdr as))))))))

(define (make-radicals n)
  (let ((radicals (make-vector (+ n 1) '())))
    (vector-set! radicals 0 '(H))
    (do ((i 1 (+ i 1))) ((> i n) radicals)
      (for-each-triple radicals (- i 1)
                       (lambda (a b c)
                         (vector-set! radicals i
                                      (cons (vector 'C a b c) (vector-ref radicals i))))))))

;; Paraffins with a bond in their middle: two radicals of half the size.
(define (bond-centered radicals n)
  (if (odd? n)
      '()
      (let loop ((l (vector-ref radicals (quotient n 2))) (result '()))
        (if (null? l)
            result
            (loop (cdr l)
                  (let pair ((others l) (result result))
                    (if (null? others)
                        result
                        (pair (cdr others) (cons (vector 'BCP (car l) (car others)) result)))))))))

;; Paraffins with a carbon atom in their middle: four radicals of less than half the size.
(define (carbon-centered radicals n)
  (let ((result '()) (limit (quotient (- n 1) 2)))
    (do ((d limit (- d 1))) ((< (* 4 d) (- n 1)) result)
      (let ((rest (- n 1 d)))
        (do ((a 0 (+ a 1))) ((> (* 3 a) rest))
          (do ((b a (+ b 1))) ((> (+ a (* 2 b)) rest))
            (let ((c (- rest a b)))
              (when (<= c d)
                (each-quadruple radicals a b c d
                                (lambda (p) (set! result (cons p result))))))))))))

(define (each-quadruple radicals a b c d f)
  (let each-a ((as (vector-ref radicals a)))
    (unless (null? as)
      (let each-b ((bs (if (= a b) as (vector-ref radicals b))))
        (unless (null? bs)
          (let each-c ((cs (if (= b c) bs (vector-ref radicals c))))
            (unless (null? cs)
              (let each-d ((ds (if (= c d) cs (vector-ref radicals d))))
                (unless (null? ds)
                  (f (vector 'CCP (car as) (car bs) (car cs) (car ds)))
                  (each-d (cdr ds))))
              (each-c (cdr cs))))
          (each-b (cdr bs))))
      (each-a (cdr as)))))

(define (count-paraffins n)
  (let ((radicals (make-radicals (quotient n 2))))
    (+ (length (bond-centered radicals n)) (length (carbon-centered radicals n)))))

(define (run)
  (map count-paraffins '(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17)))

(run-benchmark "paraffins" 30 run
               '(1 1 1 2 3 5 9 18 35 75 159 355 802 1858 4347 10359 24894))
