;; Procedures whose last arguments are optional ranges of their strings.

;; (define-ranged (name fixed ... start end) body ...), where start and end belong to the string that is
;; named first and are optional.
(define-syntax define-ranged
  (syntax-rules ()
    ((_ (name s (fixed ...) start end) body ...)
     (define name
       (case-lambda
         ((fixed ...) (name fixed ... 0 (string-length s)))
         ((fixed ... start) (name fixed ... start (string-length s)))
         ((fixed ... start end) body ...))))))

;; (define-compared (name a b start1 end1 start2 end2) body ...), where all but the strings is optional.
(define-syntax define-compared
  (syntax-rules ()
    ((_ (name a b start1 end1 start2 end2) body ...)
     (define name
       (case-lambda
         ((a b) (name a b 0 (string-length a) 0 (string-length b)))
         ((a b start1) (name a b start1 (string-length a) 0 (string-length b)))
         ((a b start1 end1) (name a b start1 end1 0 (string-length b)))
         ((a b start1 end1 start2) (name a b start1 end1 start2 (string-length b)))
         ((a b start1 end1 start2 end2) body ...))))))
