; Counts the words of a text and shows the most frequent ones.
; Usage: gcscheme wordcount.scm [FILE [ROUNDS]]

(define (separator? c)
  (not (char-alphabetic? c)))

(define (count-line! counts line)
  (for-each
   (lambda (word)
     (hash-table-update!/default counts word (lambda (n) (+ n 1)) 0))
   (string-split (string-downcase line) separator?)))

(define (count-words file)
  (define counts (make-equal-hash-table))
  (call-with-input-file file
    (lambda (port)
      (let loop ((line (read-line port)))
        (unless (eof-object? line)
          (count-line! counts line)
          (loop (read-line port))))))
  counts)

; The most frequent first; words as frequent by the alphabet.
(define (before? a b)
  (or (> (cdr a) (cdr b))
      (and (= (cdr a) (cdr b)) (string<? (car a) (car b)))))

(define (show pair)
  (let ((digits (number->string (cdr pair))))
    (display (make-string (- 8 (string-length digits)) #\space))
    (display digits)
    (display " ")
    (display (car pair))
    (newline)))

; The shipped text lies beside this program.
(define file (command-argument 1 (beside-program "gpl-3.txt")))
(define rounds (string->number (command-argument 2 "400")))

(define counts (count-words file))
(do ((i 1 (+ i 1))) ((= i rounds))
  (set! counts (count-words file)))

(display (apply + (hash-table-values counts))) (display " words, ")
(display (hash-table-count counts)) (display " different") (newline)
(let loop ((pairs (sort (hash-table->alist counts) before?)) (n 10))
  (when (and (> n 0) (pair? pairs))
    (show (car pairs))
    (loop (cdr pairs) (- n 1))))
