; Four threads at once: what they allocate, share, intern, write, evaluate and raise.
(import (scheme base) (scheme write) (scheme eval) (scheme cxr) (srfi 18) (srfi 69) (gcalloc channel)
        (only (gcscheme) append-map))
(define-syntax test (syntax-rules () ((_ e) (begin (write e) (newline)))))
(define (start thunk) (thread-start! (make-thread thunk)))
(define numbers '(0 1 2 3))
(define (in-threads f)
  (map thread-join! (map (lambda (i) (start (lambda () (f i)))) numbers)))
(define (with-mutex mutex thunk)
  (dynamic-wind (lambda () (mutex-lock! mutex)) thunk (lambda () (mutex-unlock! mutex))))
(define (times n f) (do ((i 0 (+ i 1))) ((= i n)) (f i)))
(define (iota n) (let loop ((i (- n 1)) (l '())) (if (< i 0) l (loop (- i 1) (cons i l)))))

; Each allocates lists, vectors, strings, bignums, rationals and closures of its own.
(define (churn seed)
  (let loop ((i 0) (kept '()) (sum 0))
    (if (= i 300)
        (list (length kept) sum (apply + (map (lambda (f) (f)) kept)))
        (let ((v (make-vector 5 (list i (number->string i) (expt 7 (+ 30 seed))))))
          (loop (+ i 1)
                (if (= (modulo i 10) 0) (cons (lambda () (car (vector-ref v 0))) kept) kept)
                (+ sum (string-length (cadr (vector-ref v 4))) (/ i 7)
                   (modulo (caddr (vector-ref v 2)) 5)))))))
(test (equal? (in-threads churn) (map churn numbers)))

; A shared vector and tables behind mutexes
(define mutex (make-mutex))
(define counts (make-vector 8 0))
(define table (make-hash-table))
(in-threads
 (lambda (me)
   (times 200
     (lambda (i)
       (with-mutex mutex
         (lambda ()
           (vector-set! counts (modulo i 8) (+ 1 (vector-ref counts (modulo i 8))))
           (hash-table-update!/default table (list 'key (modulo i 20)) (lambda (l) (cons me l)) '())))))))
(test counts)
(test (list (hash-table-size table) (apply + (map length (hash-table-values table)))))

; Symbols of the same names
(define (interned me)
  (map (lambda (i) (string->symbol (string-append "shared-" (number->string i)))) (iota 300)))
(test (apply map (lambda symbols (let ((first (car symbols))) (if (memq #f (map (lambda (s) (eq? s first)) symbols)) #f 'same)))
             (map (lambda (l) (list (list-ref l 0) (list-ref l 99) (list-ref l 299))) (in-threads interned))))
(test (let ((all (in-threads interned))) (and (equal? (car all) (cadr all)) (equal? (car all) (list-ref all 3)))))

; One port, whole writes
(define port (open-output-string))
(in-threads (lambda (me) (times 100 (lambda (i) (write-string "<0123456789>" port)))))
(define written (get-output-string port))
(test (list (string-length written)
            (let loop ((i 0)) (cond ((= i (string-length written)) 'whole)
                                    ((string=? (substring written i (+ i 12)) "<0123456789>") (loop (+ i 12)))
                                    (else (list 'torn-at i))))))

; The front end: macros, definitions, and libraries that all import
(define (evaluate me i e)
  (eval `(let-syntax ((add (syntax-rules () ((_ a b) (+ a b)))))
           (letrec ((f (lambda (n) (if (= n 0) ,me (f (- n 1))))))
             (add (f 3) (fold + 0 (list ,i 1)))))
        e))
(test (in-threads
       (lambda (me)
         (let ((e (environment '(scheme base) '(srfi 1))))
           (let loop ((i 0) (sum 0))
             (if (= i 10) sum (loop (+ i 1) (+ sum (evaluate me i e)))))))))

; Exceptions out of threads
(test (map (lambda (t)
             (guard (e ((uncaught-exception? e) (uncaught-exception-reason e)))
               (thread-join! t)))
           (map (lambda (i) (start (lambda () (times 50 (lambda (j) (guard (e (#t e)) (raise (list j))))) (raise (list 'from i)))))
                numbers)))

; Deep recursion and continuations, each in its own stack
(define (deep n) (if (= n 0) 0 (+ 1 (deep (- n 1)))))
(define (reenter me)
  (let ((k #f) (n 0))
    (let ((x (+ me (call/cc (lambda (c) (set! k c) 0)))))
      (set! n (+ n 1))
      (if (< n 50) (k n) (list x (deep 20000))))))
(test (in-threads reenter))

; Terminated at any moment, in a loop that allocates and locks: the mutex is abandoned or free
(define victim-mutex (make-mutex))
(times 10
  (lambda (round)
    (let ((victims (map (lambda (i)
                          (start (lambda ()
                                   (let loop ((l '()))
                                     (mutex-lock! victim-mutex)
                                     (mutex-unlock! victim-mutex)
                                     (loop (if (> (length l) 20) '() (cons (make-vector 3 l) l)))))))
                        numbers)))
      (thread-sleep! 0.001)
      (for-each thread-terminate! victims)
      (for-each (lambda (t) (guard (e ((or (terminated-thread-exception? e) (uncaught-exception? e)) #t)) (thread-join! t))) victims)
      (if (not (memq (mutex-state victim-mutex) '(abandoned not-abandoned)))
          (error "the mutex is still owned")))))
(test (and (memq (mutex-state victim-mutex) '(abandoned not-abandoned)) #t))

; Channels: values of each sender in their order; all arrive
(define channel (make-channel 4))
(define senders (map (lambda (i) (start (lambda () (times 50 (lambda (j) (channel-send! channel (cons i j))))))) numbers))
(define (receive-all)
  (let loop ((all '()))
    (let ((x (channel-receive! channel)))
      (if (eof-object? x) (reverse all) (loop (cons x all))))))
(define receiver (start receive-all))
(for-each thread-join! senders)
(channel-close! channel)
(define received (thread-join! receiver))
(test (list (length received)
            (map (lambda (i) (equal? (append-map (lambda (x) (if (= (car x) i) (list (cdr x)) '())) received) (iota 50)))
                 numbers)))

; A tree of work
(define (tree-map f tree depth)
  (cond ((null? tree) '())
        ((not (pair? tree)) (f tree))
        ((> depth 0)
         (let ((left (start (lambda () (tree-map f (car tree) (- depth 1))))))
           (let ((right (tree-map f (cdr tree) (- depth 1))))
             (cons (thread-join! left) right))))
        (else (cons (tree-map f (car tree) 0) (tree-map f (cdr tree) 0)))))
(define (make-tree n) (if (= n 0) 1 (cons (make-tree (- n 1)) (make-tree (- n 1)))))
(define (sum tree) (if (pair? tree) (+ (sum (car tree)) (sum (cdr tree))) tree))
(test (sum (tree-map (lambda (x) (+ x 1)) (make-tree 10) 3)))

; Without a mutex what is added to a table and removed may be lost, and nothing else: each key has its own value, one that
; is never added again stands once, for who reads meanwhile, too, and the table counts its keys.
(define (unsound table)
  (let loop ((l (hash-table->alist table)))
    (cond ((null? l) '())
          ((and (eqv? (cadr (caar l)) (cdr (car l))) (not (assoc (caar l) (cdr l)))) (loop (cdr l)))
          (else l))))
(define (race n)
  (let ((raced (make-hash-table)) (end (* 100 n)))
    (append
     (apply append
            (in-threads
             (lambda (me)
               (do ((i (- end 100) (+ i 1)))
                   ((= i end) (unsound raced))
                 (hash-table-set! raced (list me i) i)
                 (hash-table-delete! raced (list 0 i))
                 (hash-table-set! raced (list 'all i) i)))))
     (unsound raced)
     (if (= (hash-table-size raced) (length (hash-table->alist raced))) '() (list 'counted raced)))))
(test (append-map race (iota 40)))
