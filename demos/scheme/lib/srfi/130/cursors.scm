;; Cursors, predicates, constructors, conversion and selection.

(define (string-cursor? x) (and (integer? x) (exact? x) (>= x 0)))
(define (string-cursor-start s) 0)
(define (string-cursor-end s) (string-length s))
(define (string-cursor-forward s cursor n)
  (let ((result (+ cursor n)))
    (if (<= 0 result (string-length s))
        result
        (error "string-cursor-forward: no such place in the string:" result))))
(define (string-cursor-back s cursor n) (string-cursor-forward s cursor (- n)))
(define (string-cursor-next s cursor) (string-cursor-forward s cursor 1))
(define (string-cursor-prev s cursor) (string-cursor-forward s cursor -1))
(define (string-cursor=? s a b) (= a b))
(define (string-cursor<? s a b) (< a b))
(define (string-cursor>? s a b) (> a b))
(define (string-cursor<=? s a b) (<= a b))
(define (string-cursor>=? s a b) (>= a b))
(define (string-cursor-diff s start end) (- end start))
(define (string-cursor->index s cursor) cursor)
(define (string-index->cursor s index) index)

(define (string-null? s) (= (string-length s) 0))
(define-ranged (string-every s (satisfies? s) start end)
  (let loop ((i start) (result #t))
    (if (= i end)
        result
        (let ((result (satisfies? (string-ref s i))))
          (and result (loop (+ i 1) result))))))
(define-ranged (string-any s (satisfies? s) start end)
  (let loop ((i start))
    (and (< i end) (or (satisfies? (string-ref s i)) (loop (+ i 1))))))

(define (string-tabulate f n)
  (let loop ((i (- n 1)) (chars '()))
    (if (< i 0) (list->string chars) (loop (- i 1) (cons (f i) chars)))))
(define string-unfold
  (case-lambda
    ((stop? f next seed) (string-unfold stop? f next seed ""))
    ((stop? f next seed base) (string-unfold stop? f next seed base (lambda (x) "")))
    ((stop? f next seed base final)
     (let loop ((seed seed) (chars '()))
       (if (stop? seed)
           (string-append base (reverse-list->string chars) (final seed))
           (loop (next seed) (cons (f seed) chars)))))))
(define string-unfold-right
  (case-lambda
    ((stop? f next seed) (string-unfold-right stop? f next seed ""))
    ((stop? f next seed base) (string-unfold-right stop? f next seed base (lambda (x) "")))
    ((stop? f next seed base final)
     (let loop ((seed seed) (chars '()))
       (if (stop? seed)
           (string-append (final seed) (list->string chars) base)
           (loop (next seed) (cons (f seed) chars)))))))

(define string->list/cursors string->list)
(define (string->vector/cursors s . range) (list->vector (apply string->list s range)))
(define (reverse-list->string chars) (list->string (reverse chars)))
(define string-ref/cursor string-ref)
(define substring/cursors substring)
(define string-copy/cursors string-copy)

(define (string-take s n) (substring s 0 n))
(define (string-drop s n) (substring s n (string-length s)))
(define (string-take-right s n)
  (substring s (- (string-length s) n) (string-length s)))
(define (string-drop-right s n) (substring s 0 (- (string-length s) n)))

(define-syntax define-pad
  (syntax-rules ()
    ((_ (name s n char) body)
     (define name
       (case-lambda
         ((s n) (name s n #\space))
         ((s n char) body)
         ((s n char start) (name (substring s start (string-length s)) n char))
         ((s n char start end) (name (substring s start end) n char)))))))
(define-pad (string-pad s n char)
  (let ((missing (- n (string-length s))))
    (if (< missing 0)
        (string-take-right s n)
        (string-append (make-string missing char) s))))
(define-pad (string-pad-right s n char)
  (let ((missing (- n (string-length s))))
    (if (< missing 0)
        (string-take s n)
        (string-append s (make-string missing char)))))

(define-syntax define-trim
  (syntax-rules ()
    ((_ (name s drop? start end) body)
     (define name
       (case-lambda
         ((s) (name s char-whitespace?))
         ((s drop?) (name s drop? 0 (string-length s)))
         ((s drop? start) (name s drop? start (string-length s)))
         ((s drop? start end) body))))))
(define-trim (string-trim s drop? start end)
  (substring s (string-skip s drop? start end) end))
(define-trim (string-trim-right s drop? start end)
  (substring s start (string-skip-right s drop? start end)))
(define-trim (string-trim-both s drop? start end)
  (let ((start (string-skip s drop? start end)))
    (substring s start (string-skip-right s drop? start end))))
