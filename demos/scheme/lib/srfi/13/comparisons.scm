;; Comparisons, hashes, prefixes and suffixes.  Those that ignore case compare folded characters.

(define (fold-chars s) (string-map char-foldcase s))

(define (compare a b less same greater start1 end1 start2 end2)
  (let* ((length (string-prefix-length a b start1 end1 start2 end2))
         (i (+ start1 length))
         (j (+ start2 length)))
    (cond ((and (= i end1) (= j end2)) (same end1))
          ((= i end1) (less end1))
          ((= j end2) (greater i))
          ((char<? (string-ref a i) (string-ref b j)) (less i))
          (else (greater i)))))

(define (string-compare a b less same greater . range)
  (let*-values (((rest start1 end1) (string-parse-start+end string-compare a range))
                ((start2 end2) (string-parse-final-start+end string-compare b rest)))
    (compare a b less same greater start1 end1 start2 end2)))
(define (string-compare-ci a b less same greater . range)
  (apply string-compare (fold-chars a) (fold-chars b) less same greater range))

(define (yes index) #t)
(define (no index) #f)
(define-syntax define-comparison
  (syntax-rules ()
    ((_ name name-ci less same greater)
     (begin
       (define (name a b . range)
         (apply string-compare a b less same greater range))
       (define (name-ci a b . range)
         (apply string-compare-ci a b less same greater range))))))
(define-comparison string= string-ci= no yes no)
(define-comparison string<> string-ci<> yes no yes)
(define-comparison string< string-ci< yes no no)
(define-comparison string> string-ci> no no yes)
(define-comparison string<= string-ci<= yes yes no)
(define-comparison string>= string-ci>= no yes yes)

;; Of 22 bits, unless there is another bound: products stay small.
(define string-hash
  (case-lambda
    ((s) (string-hash s 0))
    ((s bound . range)
     (let ((modulus (if (= bound 0) 4194304 bound)))
       (apply string-fold
              (lambda (c hash) (modulo (+ (* 37 hash) (char->integer c)) modulus))
              0 s range)))))
(define (string-hash-ci s . arguments) (apply string-hash (fold-chars s) arguments))

(define-syntax define-folded
  (syntax-rules ()
    ((_ (name-ci name) ...)
     (begin
       (define (name-ci a b . ranges) (apply name (fold-chars a) (fold-chars b) ranges)) ...))))
(define-folded
  (string-prefix-length-ci string-prefix-length)
  (string-suffix-length-ci string-suffix-length)
  (string-prefix-ci? string-prefix?)
  (string-suffix-ci? string-suffix?)
  (string-contains-ci string-contains))
