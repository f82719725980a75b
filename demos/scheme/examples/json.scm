; Reads JSON: objects become hash tables, arrays vectors, null the symbol null.
; Usage: gcscheme json.scm [FILE [ROUNDS]]

(define (json-read port)
  (define (skip-blanks)
    (let ((c (peek-char port)))
      (when (and (char? c) (char-whitespace? c))
        (read-char port)
        (skip-blanks))))

  (define (next)
    (skip-blanks)
    (peek-char port))

  (define (expect c)
    (skip-blanks)
    (let ((got (read-char port)))
      (unless (eqv? got c)
        (error "JSON: expected" c 'got got))))

  (define (read-word)
    (let loop ((chars '()))
      (let ((c (peek-char port)))
        (if (and (char? c)
                 (or (char-alphabetic? c) (char-numeric? c) (memv c '(#\- #\+ #\.))))
            (loop (cons (read-char port) chars))
            (list->string (reverse! chars))))))

  (define (read-atom)
    (let ((word (read-word)))
      (cond ((string=? word "true") #t)
            ((string=? word "false") #f)
            ((string=? word "null") 'null)
            ((string->number word))
            (else (error "JSON: bad value" word)))))

  (define (read-code)
    (string->number (read-string 4 port) 16))

  ; Characters beyond U+FFFF are written as a pair of escapes.
  (define (read-unicode)
    (let ((code (read-code)))
      (if (and (>= code #xD800) (< code #xDC00))
          (begin
            (expect #\\)
            (expect #\u)
            (integer->char (+ #x10000
                              (* #x400 (- code #xD800))
                              (- (read-code) #xDC00))))
          (integer->char code))))

  (define (read-escape)
    (let ((c (read-char port)))
      (case c
        ((#\n) #\newline)
        ((#\t) #\tab)
        ((#\r) #\return)
        ((#\b) #\backspace)
        ((#\f) (integer->char 12))
        ((#\u) (read-unicode))
        (else c))))

  (define (read-text)
    (expect #\")
    (let loop ((chars '()))
      (let ((c (read-char port)))
        (cond ((eof-object? c) (error "JSON: a string is not closed"))
              ((char=? c #\") (list->string (reverse! chars)))
              ((char=? c #\\) (loop (cons (read-escape) chars)))
              (else (loop (cons c chars)))))))

  ; Items between commas up to the closing character, each read by read-item.
  (define (read-items read-item close)
    (if (eqv? (next) close)
        (read-char port)
        (let loop ()
          (read-item)
          (if (eqv? (next) #\,)
              (begin (read-char port) (loop))
              (expect close)))))

  (define (read-array)
    (define items '())
    (expect #\[)
    (read-items (lambda () (set! items (cons (read-value) items))) #\])
    (list->vector (reverse! items)))

  (define (read-object)
    (define object (make-hash-table))
    (expect #\{)
    (read-items
     (lambda ()
       (skip-blanks)
       (let ((key (read-text)))
         (expect #\:)
         (hash-table-set! object key (read-value))))
     #\})
    object)

  (define (read-value)
    (case (next)
      ((#\{) (read-object))
      ((#\[) (read-array))
      ((#\") (read-text))
      (else (read-atom))))

  (read-value))

(define (get json . path)
  (fold-left (lambda (json key)
               (if (vector? json) (vector-ref json key) (hash-table-ref json key)))
             json path))

; The shipped file lies beside this program.
(define file (command-argument 1 (beside-program "planets.json")))
(define rounds (string->number (command-argument 2 "6000")))

(define (read-file)
  (call-with-input-file file json-read))

(define json (read-file))
(do ((i 1 (+ i 1))) ((= i rounds))
  (set! json (read-file)))

(define planets (vector->list (get json "planets")))
(display (get json "title")) (newline)
(for-each
 (lambda (planet)
   (display "  ")
   (display (get planet "name"))
   (display ": ")
   (display (get planet "radius_km"))
   (display " km, ")
   (display (vector-length (get planet "large_moons")))
   (display " large moons")
   (newline))
 (sort planets (lambda (a b) (> (get a "radius_km") (get b "radius_km")))))
(display "mean radius: ")
(display (round (/ (apply + (map (lambda (p) (get p "radius_km")) planets))
                   (length planets))))
(newline)
