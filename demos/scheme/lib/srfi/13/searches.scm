;; Searching: for characters by a criterion, and for strings by the algorithm of Knuth, Morris and Pratt.

(define (predicate criterion)
  (cond ((char? criterion) (lambda (c) (char=? c criterion)))
        ((procedure? criterion) criterion)
        (else (error "a criterion should be a character or a predicate:" criterion))))
(define (complement criterion)
  (let ((holds? (predicate criterion)))
    (lambda (c) (not (holds? c)))))

(define (string-every criterion s . range) (apply every (predicate criterion) s range))
(define (string-any criterion s . range) (apply any (predicate criterion) s range))
(define (string-count s criterion . range) (apply count s (predicate criterion) range))

(define-ranged (string-index s (s criterion) start end)
  (let ((i (find s (predicate criterion) start end)))
    (and (< i end) i)))
(define-ranged (string-index-right s (s criterion) start end)
  (let ((i (find-right s (predicate criterion) start end)))
    (and (> i start) (- i 1))))
(define (string-skip s criterion . range)
  (apply string-index s (complement criterion) range))
(define (string-skip-right s criterion . range)
  (apply string-index-right s (complement criterion) range))

(define-syntax define-trim
  (syntax-rules ()
    ((_ (name trim) ...)
     (begin
       (define name
         (case-lambda
           ((s) (trim s))
           ((s criterion . range) (apply trim s (predicate criterion) range)))) ...))))
(define-trim
  (string-trim trim)
  (string-trim-right trim-right)
  (string-trim-both trim-both))

;; (string-filter criterion s [start end]); the string may come first, as it does in the text of the SRFI.
(define (string-filter a b . range)
  (if (string? a)
      (apply filter (predicate b) a range)
      (apply filter (predicate a) b range)))
(define (string-delete a b . range)
  (if (string? a)
      (apply filter (complement b) a range)
      (apply filter (complement a) b range)))

(define (graphic? c)
  (not (or (char-whitespace? c) (char<? c #\space) (char<=? #\delete c #\x9F))))

;; The longest parts of which all characters fulfil the criterion.
(define string-tokenize
  (case-lambda
    ((s) (string-tokenize s graphic?))
    ((s criterion . range)
     (let ((in-token? (predicate criterion)))
       (let-string-start+end (start end) string-tokenize s range
         (let loop ((end end) (tokens '()))
           (let ((last (string-index-right s in-token? start end)))
             (if (not last)
                 tokens
                 (let* ((gap (string-skip-right s in-token? start last))
                        (first (if gap (+ gap 1) start)))
                   (loop first (cons (substring s first (+ last 1)) tokens)))))))))))

;; Item i: how much of the pattern still matches when character i does not, -1 if it cannot be the first.
(define make-kmp-restart-vector
  (case-lambda
    ((pattern) (make-kmp-restart-vector pattern char=?))
    ((pattern same? . range)
     (let-string-start+end (start end) make-kmp-restart-vector pattern range
       (let* ((length (- end start)) (restarts (make-vector length -1)))
         (define (item i) (string-ref pattern (+ start i)))
         (let loop ((i 0) (matched -1))
           (if (< (+ i 1) length)
               (let ((next (+ i 1)))
                 (cond ((= matched -1)
                        (if (not (same? (item next) (item 0)))
                            (vector-set! restarts next 0))
                        (loop next 0))
                       ((same? (item i) (item matched))
                        (vector-set! restarts next (+ matched 1))
                        (loop next (+ matched 1)))
                       (else (loop i (vector-ref restarts matched)))))))
         restarts)))))

;; How much of the pattern is matched after the character, if `i` was before.
(define (kmp-step pattern restarts c i same? start)
  (let loop ((i i))
    (cond ((= i -1) 0)
          ((same? c (string-ref pattern (+ i start))) (+ i 1))
          (else (loop (vector-ref restarts i))))))

;; Negative: the pattern ends there in the string; otherwise how much is matched at its end.
(define string-kmp-partial-search
  (case-lambda
    ((pattern restarts s i) (string-kmp-partial-search pattern restarts s i char=?))
    ((pattern restarts s i same?) (string-kmp-partial-search pattern restarts s i same? 0))
    ((pattern restarts s i same? p-start . range)
     (let-string-start+end (start end) string-kmp-partial-search s range
       (let loop ((at start) (i i))
         (cond ((= i (vector-length restarts)) (- at))
               ((= at end) i)
               (else
                (loop (+ at 1)
                      (kmp-step pattern restarts (string-ref s at) i same? p-start)))))))))

(define-compared (string-contains a b start1 end1 start2 end2)
  (check-substring-spec string-contains a start1 end1)
  (if (= start2 end2)
      start1
      (let* ((restarts (make-kmp-restart-vector b char=? start2 end2))
             (found (string-kmp-partial-search b restarts a 0 char=? start2 start1 end1)))
        (and (< found 0) (- (- found) (- end2 start2))))))
