;; Hash functions.

(define default-bound 536870911)

;; Objects that have been hashed by identity, and their numbers.
(define identities (system:make-weak-hash-table))
(define identity-count 0)

(define (identity-of object)
  (or (system:hash-table-ref/default identities object #f)
      (begin
        (set! identity-count (+ identity-count 1))
        (system:hash-table-set! identities object identity-count)
        identity-count)))

(define (combine a b) (modulo (+ (* a 31) b) default-bound))

(define string-hash
  (case-lambda
    ((s) (string-hash s default-bound))
    ((s bound)
     (let loop ((i 0) (result (string-length s)))
       (if (= i (string-length s))
           (modulo result bound)
           (loop (+ i 1) (combine result (char->integer (string-ref s i)))))))))

(define string-ci-hash
  (case-lambda
    ((s) (string-ci-hash s default-bound))
    ((s bound) (string-hash (string-downcase s) bound))))

(define (number-hash n)
  (cond ((and (exact? n) (integer? n)) (modulo n default-bound))
        ((exact? n) (combine (number-hash (numerator n)) (number-hash (denominator n))))
        (else (string-hash (number->string n)))))

;; What equal? data have in common; looks at some of their parts only.
(define (structure-hash x budget)
  (cond ((= budget 0) 1)
        ((number? x) (number-hash x))
        ((char? x) (char->integer x))
        ((string? x) (string-hash x))
        ((pair? x)
         (combine (structure-hash (car x) (quotient budget 2))
                  (structure-hash (cdr x) (- budget 1))))
        ((vector? x)
         (let loop ((i 0) (result (vector-length x)))
           (if (= i (min budget (vector-length x)))
               result
               (loop (+ i 1)
                     (combine result (structure-hash (vector-ref x i) (quotient budget 2)))))))
        (else (identity-of x))))

(define hash
  (case-lambda
    ((x) (hash x default-bound))
    ((x bound) (modulo (structure-hash x 16) bound))))

(define hash-by-identity
  (case-lambda
    ((x) (hash-by-identity x default-bound))
    ((x bound)
     (modulo (if (or (number? x) (char? x)) (structure-hash x 1) (identity-of x)) bound))))
