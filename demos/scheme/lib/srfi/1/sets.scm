;; Lists as sets.

(define (lset-member? same? x l) (any (lambda (y) (same? y x)) l))

(define (lset-pairwise? related? lists)
  (or (null? lists)
      (let loop ((a (car lists)) (rest (cdr lists)))
        (or (null? rest)
            (and (related? a (car rest)) (loop (car rest) (cdr rest)))))))

(define (lset<= same? . lists)
  (lset-pairwise?
   (lambda (a b) (every (lambda (x) (any (lambda (y) (same? x y)) b)) a))
   lists))
(define (lset= same? . lists)
  (and (apply lset<= same? lists) (apply lset<= same? (reverse lists))))

(define (lset-adjoin same? l . items)
  (fold (lambda (x l) (if (lset-member? same? x l) l (cons x l))) l items))

(define (lset-union same? . lists)
  (reduce (lambda (l result)
            (cond ((null? l) result)
                  ((null? result) l)
                  ((eq? l result) result)
                  (else (apply lset-adjoin same? result l))))
          '()
          lists))

(define (lset-intersection same? first . rest)
  (filter (lambda (x) (every (lambda (l) (lset-member? same? x l)) rest)) first))
(define (lset-difference same? first . rest)
  (remove (lambda (x) (any (lambda (l) (lset-member? same? x l)) rest)) first))
(define (lset-xor same? . lists)
  (reduce (lambda (b a)
            (append (lset-difference same? b a) (lset-difference same? a b)))
          '()
          lists))
(define (lset-diff+intersection same? first . rest)
  (partition (lambda (x) (every (lambda (l) (not (lset-member? same? x l))) rest)) first))

(define lset-union! lset-union)
(define lset-intersection! lset-intersection)
(define lset-difference! lset-difference)
(define lset-xor! lset-xor)
(define lset-diff+intersection! lset-diff+intersection)
