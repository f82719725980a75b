;; The whole string: joining, folding, replacing and splitting.

(define-ranged (string-reverse s (s) start end)
  (reverse-list->string (string->list s start end)))
(define (string-concatenate strings) (apply string-append strings))
(define string-concatenate-reverse
  (case-lambda
    ((strings) (string-concatenate (reverse strings)))
    ((strings final) (string-concatenate-reverse (cons final strings)))
    ((strings final end) (string-concatenate-reverse strings (substring final 0 end)))))

(define-ranged (string-fold s (f init s) start end)
  (let loop ((i start) (result init))
    (if (= i end) result (loop (+ i 1) (f (string-ref s i) result)))))
(define-ranged (string-fold-right s (f init s) start end)
  (let loop ((i end) (result init))
    (if (= i start) result (loop (- i 1) (f (string-ref s (- i 1)) result)))))
(define-ranged (string-for-each-cursor s (f s) start end)
  (do ((i start (+ i 1))) ((= i end)) (f i)))

;; The characters from `from` up to `to` of the string repeated for ever in both directions.
(define string-replicate
  (case-lambda
    ((s from to)
     (string-tabulate
      (lambda (i) (string-ref s (modulo (+ from i) (string-length s))))
      (- to from)))
    ((s from to start) (string-replicate (substring s start (string-length s)) from to))
    ((s from to start end) (string-replicate (substring s start end) from to))))

(define-ranged (string-count s (s counted?) start end)
  (string-fold (lambda (c n) (if (counted? c) (+ n 1) n)) 0 s start end))
(define-ranged (string-filter s (keep? s) start end)
  (list->string
   (string-fold-right (lambda (c chars) (if (keep? c) (cons c chars) chars)) '() s start end)))
(define-ranged (string-remove s (drop? s) start end)
  (string-filter (lambda (c) (not (drop? c))) s start end))

(define-ranged (string-replace b (a b start1 end1) start end)
  (string-append (substring a 0 start1) (substring b start end)
                 (substring a end1 (string-length a))))

(define string-join
  (case-lambda
    ((strings) (string-join strings " "))
    ((strings delimiter) (string-join strings delimiter 'infix))
    ((strings delimiter grammar)
     (case grammar
       ((prefix) (string-concatenate (with-each strings (lambda (s) (list delimiter s)))))
       ((suffix) (string-concatenate (with-each strings (lambda (s) (list s delimiter)))))
       ((infix strict-infix)
        (cond ((pair? strings)
               (string-append (car strings) (string-join (cdr strings) delimiter 'prefix)))
              ((eq? grammar 'infix) "")
              (else (error "string-join: strict-infix needs a string"))))
       (else (error "string-join: bad grammar:" grammar))))))

(define (with-each strings f) (apply append (map f strings)))

;; The parts of the string between delimiters, of which at most `limit` count unless that is #f.
(define (split-infix s delimiter limit)
  (let loop ((start 0) (limit limit) (parts '()))
    (let ((found (and (not (eqv? limit 0)) (string-contains s delimiter start))))
      (if found
          (loop (+ found (string-length delimiter))
                (and limit (- limit 1))
                (cons (substring s start found) parts))
          (reverse (cons (substring s start (string-length s)) parts))))))

(define (split-chars s limit)
  (let loop ((i 0) (parts '()))
    (if (or (= i (string-length s)) (eqv? i limit))
        (reverse (if (= i (string-length s)) parts (cons (string-drop s i) parts)))
        (loop (+ i 1) (cons (string (string-ref s i)) parts)))))

(define (split s delimiter grammar limit)
  (cond ((string-null? s)
         (if (eq? grammar 'strict-infix)
             (error "string-split: strict-infix needs a string that is not empty")
             '()))
        ((string-null? delimiter) (split-chars s limit))
        (else
         (case grammar
           ((infix strict-infix) (split-infix s delimiter limit))
           ((prefix)
            (split-infix
             (if (string-prefix? delimiter s) (string-drop s (string-length delimiter)) s)
             delimiter limit))
           ((suffix)
            (if (string-suffix? delimiter s)
                (split-infix (string-drop-right s (string-length delimiter)) delimiter limit)
                (split-infix s delimiter limit)))
           (else (error "string-split: bad grammar:" grammar))))))

(define string-split
  (case-lambda
    ((s delimiter) (split s delimiter 'infix #f))
    ((s delimiter grammar) (split s delimiter grammar #f))
    ((s delimiter grammar limit) (split s delimiter grammar limit))
    ((s delimiter grammar limit start)
     (split (string-drop s start) delimiter grammar limit))
    ((s delimiter grammar limit start end)
     (split (substring s start end) delimiter grammar limit))))
