;; Mapping, case, copies and repetition.

(define-ranged (string-map s (f s) start end)
  (string-tabulate (lambda (i) (f (string-ref s (+ start i)))) (- end start)))
(define-ranged (string-map! s (f s) start end)
  (do ((i start (+ i 1))) ((= i end))
    (string-set! s i (f (string-ref s i)))))
(define-ranged (string-for-each s (f s) start end)
  (do ((i start (+ i 1))) ((= i end))
    (f (string-ref s i))))

(define-ranged (string-upcase s (s) start end) (upcase (substring s start end)))
(define-ranged (string-downcase s (s) start end) (downcase (substring s start end)))
(define (string-upcase! s . range) (apply string-map! char-upcase s range))
(define (string-downcase! s . range) (apply string-map! char-downcase s range))
(define-ranged (string-titlecase! s (s) start end)
  (let loop ((i start) (in-word? #f))
    (if (< i end)
        (let* ((c (string-ref s i)) (letter? (char-alphabetic? c)))
          (if letter? (string-set! s i (if in-word? (char-downcase c) (char-upcase c))))
          (loop (+ i 1) letter?)))))
(define-ranged (string-titlecase s (s) start end)
  (let ((copy (substring s start end)))
    (string-titlecase! copy)
    copy))

(define-ranged (string-reverse! s (s) start end)
  (string-copy! s start (string-reverse s start end)))

(define substring/shared
  (case-lambda
    ((s start) (substring s start (string-length s)))
    ((s start end) (substring s start end))))
(define string-append/shared string-append)
(define string-concatenate/shared string-concatenate)
(define string-concatenate-reverse/shared string-concatenate-reverse)

;; The characters from `from` up to `to` of the string repeated for ever in both directions; if there is no
;; `to`, as many as the string has.
(define xsubstring
  (case-lambda
    ((s from) (xsubstring s from (+ from (string-length s))))
    ((s from to . range)
     (let-string-start+end (start end) xsubstring s range
       (cond ((= from to) "")
             ((= start end) (error "xsubstring: the string is empty"))
             (else (replicate s from to start end)))))))
(define string-xcopy!
  (case-lambda
    ((target at s from) (string-copy! target at (xsubstring s from)))
    ((target at s from to . range)
     (string-copy! target at (apply xsubstring s from to range)))))
