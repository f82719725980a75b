;; Filtering, searching, deleting, and association lists.

(define (filter keep? l)
  (let loop ((l l) (result '()))
    (cond ((not (pair? l)) (reverse! result))
          ((keep? (car l)) (loop (cdr l) (cons (car l) result)))
          (else (loop (cdr l) result)))))
(define (remove drop? l) (filter (lambda (x) (not (drop? x))) l))
(define (partition in? l)
  (let loop ((l l) (in '()) (out '()))
    (cond ((not (pair? l)) (values (reverse! in) (reverse! out)))
          ((in? (car l)) (loop (cdr l) (cons (car l) in) out))
          (else (loop (cdr l) in (cons (car l) out))))))
(define filter! filter)
(define remove! remove)
(define partition! partition)

(define (find-tail found? l)
  (and (pair? l) (if (found? (car l)) l (find-tail found? (cdr l)))))
(define (find found? l)
  (let ((tail (find-tail found? l)))
    (and tail (car tail))))

(define any
  (case-lambda
    ((f l)
     (and (pair? l)
          (let loop ((l l))
            (if (pair? (cdr l)) (or (f (car l)) (loop (cdr l))) (f (car l))))))
    ((f . lists)
     (let loop ((lists lists))
       (and (not (any-ended? lists))
            (or (apply f (cars lists)) (loop (cdrs lists))))))))

(define every
  (case-lambda
    ((f l)
     (or (not (pair? l))
         (let loop ((l l))
           (if (pair? (cdr l)) (and (f (car l)) (loop (cdr l))) (f (car l))))))
    ((f . lists)
     (let loop ((lists lists) (result #t))
       (if (any-ended? lists)
           result
           (let ((result (apply f (cars lists))))
             (and result (loop (cdrs lists) result))))))))

(define (list-index found? . lists)
  (let loop ((lists lists) (i 0))
    (cond ((any-ended? lists) #f)
          ((apply found? (cars lists)) i)
          (else (loop (cdrs lists) (+ i 1))))))

(define (span in? l)
  (let loop ((l l) (result '()))
    (if (and (pair? l) (in? (car l)))
        (loop (cdr l) (cons (car l) result))
        (values (reverse! result) l))))
(define (break stop? l) (span (lambda (x) (not (stop? x))) l))
(define span! span)
(define break! break)
(define (take-while in? l) (let-values (((taken rest) (span in? l))) taken))
(define (drop-while in? l) (let-values (((taken rest) (span in? l))) rest))
(define take-while! take-while)

(define delete
  (case-lambda
    ((x l) (delete x l equal?))
    ((x l same?) (remove (lambda (y) (same? x y)) l))))
(define delete! delete)

(define delete-duplicates
  (case-lambda
    ((l) (delete-duplicates l equal?))
    ((l same?)
     (let loop ((l l) (result '()))
       (cond ((not (pair? l)) (reverse! result))
             ((any (lambda (y) (same? y (car l))) result) (loop (cdr l) result))
             (else (loop (cdr l) (cons (car l) result))))))))
(define delete-duplicates! delete-duplicates)

(define (alist-cons key value l) (cons (cons key value) l))
(define (alist-copy l) (map (lambda (entry) (cons (car entry) (cdr entry))) l))
(define alist-delete
  (case-lambda
    ((key l) (alist-delete key l equal?))
    ((key l same?) (remove (lambda (entry) (same? key (car entry))) l))))
(define alist-delete! alist-delete)
