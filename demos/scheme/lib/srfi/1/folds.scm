;; Folding, unfolding and mapping.  Procedures of several lists end with the shortest one.

(define (any-ended? lists)
  (and (pair? lists) (or (not (pair? (car lists))) (any-ended? (cdr lists)))))
(define (cars lists) (map car lists))
(define (cdrs lists) (map cdr lists))

(define fold
  (case-lambda
    ((f init l)
     (let loop ((l l) (result init))
       (if (pair? l) (loop (cdr l) (f (car l) result)) result)))
    ((f init . lists)
     (let loop ((lists lists) (result init))
       (if (any-ended? lists)
           result
           (loop (cdrs lists) (apply f (append (cars lists) (list result)))))))))

(define fold-right
  (case-lambda
    ((f init l) (fold f init (list-reverse l)))
    ((f init . lists)
     (fold (lambda (items result) (apply f (append items (list result))))
           init
           (reverse (apply map list (shortest lists)))))))

;; The items in reverse order, also of a list that ends with a dot.
(define (list-reverse l) (append-reverse l '()))

;; The lists, all as long as the shortest one.
(define (shortest lists)
  (let loop ((rests lists) (n 0))
    (if (any-ended? rests)
        (map (lambda (l) (take l n)) lists)
        (loop (cdrs rests) (+ n 1)))))

(define pair-fold
  (case-lambda
    ((f init l)
     (let loop ((l l) (result init))
       (if (pair? l)
           (let ((rest (cdr l)))
             (loop rest (f l result)))
           result)))
    ((f init . lists)
     (let loop ((lists lists) (result init))
       (if (any-ended? lists)
           result
           (let ((rests (cdrs lists)))
             (loop rests (apply f (append lists (list result))))))))))

(define (pair-fold-right f init first . rest)
  (let loop ((lists (cons first rest)))
    (if (any-ended? lists)
        init
        (apply f (append lists (list (loop (cdrs lists))))))))

(define (reduce f init l) (if (pair? l) (fold f (car l) (cdr l)) init))
(define (reduce-right f init l)
  (if (pair? l)
      (let loop ((l l))
        (if (pair? (cdr l)) (f (car l) (loop (cdr l))) (car l)))
      init))

(define unfold
  (case-lambda
    ((stop? f next seed) (unfold stop? f next seed (lambda (x) '())))
    ((stop? f next seed tail)
     (let loop ((seed seed) (result '()))
       (if (stop? seed)
           (append-reverse result (tail seed))
           (loop (next seed) (cons (f seed) result)))))))

(define unfold-right
  (case-lambda
    ((stop? f next seed) (unfold-right stop? f next seed '()))
    ((stop? f next seed tail)
     (let loop ((seed seed) (result tail))
       (if (stop? seed) result (loop (next seed) (cons (f seed) result)))))))

(define map-in-order map)
(define map! map)

(define (pair-for-each f first . rest)
  (let loop ((lists (cons first rest)))
    (unless (any-ended? lists)
      (let ((rests (cdrs lists)))
        (apply f lists)
        (loop rests)))))

(define (append-map f . lists) (concatenate (apply map f lists)))
(define (append-map! f . lists) (concatenate! (apply map f lists)))
(define (filter-map f . lists) (filter (lambda (x) x) (apply map f lists)))

(define (count satisfies? . lists)
  (apply fold
         (lambda (item . more)
           (let loop ((items (list item)) (more more))
             (if (pair? (cdr more))
                 (loop (cons (car more) items) (cdr more))
                 (if (apply satisfies? (reverse items)) (+ (car more) 1) (car more)))))
         0
         lists))
