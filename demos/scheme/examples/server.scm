; A server's loop: each request is parsed, made into tables, answered and dropped, by several threads over one heap.
; Usage: gcscheme server.scm [REQUESTS [THREADS]]
;
; Says at the end whether the most memory that the process ever had resident stayed near what it was after a quarter
; of the requests: how far threads get between two collections is a matter of chance.
; Requests name symbols that nobody knew before, and one in seven does not parse: neither may leave anything behind.
(import (scheme base) (scheme char) (scheme read) (scheme write) (scheme file) (scheme process-context) (srfi 18) (srfi 69)
        (only (gcscheme) command-argument))

(define requests (string->number (command-argument 1 "2000")))
(define thread-count (string->number (command-argument 2 "4")))

; ---- Requests: (get KEY...), (sum NUMBER...) and (echo ANYTHING), as text

(define (make-random seed)
  (lambda (n)
    (set! seed (modulo (+ (* seed 1103515245) 12345) 2147483648))
    (modulo (quotient seed 65536) n)))

(define (write-to-string datum)
  (let ((port (open-output-string)))
    (write datum port)
    (get-output-string port)))

(define (make-list-of n make)
  (let loop ((i 0) (items '()))
    (if (< i n) (loop (+ i 1) (cons (make i) items)) items)))

(define (make-request random n)
  (define (name i) (string->symbol (string-append "name-" (number->string (+ (* 100 n) i)))))
  (define (tree depth)
    (if (= depth 0) (name (random 50)) (vector (tree (- depth 1)) "text" (list (tree (- depth 1))))))
  (write-to-string
   (case (random 3)
     ((0) (cons 'get (make-list-of (+ 20 (random 100)) name)))
     ((1) (cons 'sum (make-list-of (+ 20 (random 100)) (lambda (i) (* i i 1000000007 n)))))
     (else (list 'echo (tree 6))))))

; ---- Answers

(define (table-of keys)
  (let ((table (make-hash-table)))
    (for-each (lambda (key) (hash-table-set! table key (symbol->string key))) keys)
    table))

(define (answer request)
  (case (car request)
    ((get)
     (let ((table (table-of (cdr request))))
       (map (lambda (key) (string-length (hash-table-ref table key))) (cdr request))))
    ((sum) (apply + (cdr request)))
    ((echo) (string-upcase (write-to-string (cadr request))))
    (else (error "no such request" request))))

; The length of the answer, or 0 where the request is none.
(define (serve text)
  (guard (e ((read-error? e) 0))
    (string-length (write-to-string (answer (read (open-input-string text)))))))

(define (serve-all seed count)
  (define random (make-random seed))
  (let loop ((n 0) (total 0))
    (if (= n count)
        total
        (let* ((text (make-request random n))
               (cut (if (= 0 (modulo n 7)) (quotient (string-length text) 2) (string-length text))))
          (loop (+ n 1) (+ total (serve (string-copy text 0 cut))))))))

; Each thread has its own share of them.
(define (serve-by-threads count)
  (let* ((start (lambda (i)
                  (thread-start! (make-thread (lambda () (serve-all (+ i 1) (quotient count thread-count)))))))
         (threads (make-list-of thread-count start)))
    (apply + (map thread-join! threads))))

; ---- Memory

; The most KiB that the process has had resident.
(define (resident)
  (call-with-input-file "/proc/self/status"
    (lambda (port)
      (let loop ((line (read-line port)))
        (if (string=? (string-copy line 0 6) "VmHWM:")
            (read (open-input-string (string-copy line 6)))
            (loop (read-line port)))))))

(define first (serve-by-threads (quotient requests 4)))
(define before (resident))
(define total (+ first (serve-by-threads (- requests (quotient requests 4)))))
(define after (resident))
(define flat? (< after (+ (* 2 before) 8192)))
(write-string (string-append (number->string requests) " requests by " (number->string thread-count)
                             " threads, answers of " (number->string total) " characters; memory "
                             (if flat? "stayed" "grew") "\n"))
(unless flat?
  (write-string (string-append (number->string before) " KiB, then " (number->string after) " KiB\n")
                (current-error-port))
  (exit #f))
