; Continuations: escapes, re-entry, generators, backtracking.
(define (show . xs) (for-each (lambda (x) (write x) (display " ")) xs) (newline))

; Escapes, from inner calls and through C.
(show (+ 1 (call/cc (lambda (k) (+ 10 (k 1))))))
(show (call-with-current-continuation (lambda (k) (for-each (lambda (x) (if (< x 0) (k x))) '(1 -2 3)) 'none)))
(show (call/cc (lambda (k) (map (lambda (x) (if (eq? x 'c) (k 'found) x)) '(a b c d)))))
(show (call/cc procedure?) (procedure? (call/cc (lambda (k) k))))
(show (call/cc (lambda (k) (apply k '(5)))) (apply call/cc (list (lambda (k) (k 6)))))
(show ((call/cc call/cc) (lambda (x) 'applied)))

; One continuation returned to many times; a program goes on after the form that returns to it.
(define again #f)
(define count 0)
(show 'first (call/cc (lambda (k) (set! again k) 0)))
(set! count (+ count 1))
(if (< count 4) (again count))
(show 'count count)
(let ((n 0) (k #f))
  (show 'in-let (call/cc (lambda (c) (set! k c) 0)))
  (set! n (+ n 1))
  (if (< n 4) (k n)))

; Each re-entry sees the frames as they were captured.
(define saved '())
(define (sum-of n)
  (if (= n 0)
      (call/cc (lambda (k) (set! saved k) 0))
      (+ n (sum-of (- n 1)))))
(define sums '())
(let ((sum (sum-of 1000)))
  (set! sums (cons sum sums))
  (if (< (length sums) 5) (saved (length sums))))
(show (reverse sums))

; The same, deeper than the stack is large.
(set! sums '())
(let ((sum (sum-of 100000)))
  (set! sums (cons sum sums))
  (if (< (length sums) 5) (saved (length sums))))
(show (reverse sums))

; map is not disturbed by a second return into it, nor are its results.
(let ((k #f) (results '()))
  (let ((mapped (map (lambda (x) (call/cc (lambda (c) (if (= x 2) (set! k c)) x))) '(1 2 3))))
    (set! results (cons mapped results))
    (if (< (length results) 3) (k (list 'again (length results))))
    (show results)))

; Generators: two coroutines that yield to each other.
(define (tree->generator tree)
  (define return #f)
  (define (walk tree)
    (cond ((null? tree) #f)
          ((pair? tree) (walk (car tree)) (walk (cdr tree)))
          (else (call/cc (lambda (rest)
                           (set! resume (lambda () (rest #f)))
                           (return tree))))))
  (define resume (lambda () (walk tree) (return 'end)))
  (lambda () (call/cc (lambda (k) (set! return k) (resume)))))
(define (same-fringe? a b)
  (let ((next-a (tree->generator a)) (next-b (tree->generator b)))
    (let loop ()
      (let ((x (next-a)) (y (next-b)))
        (cond ((not (eq? x y)) (list x y))
              ((eq? x 'end) #t)
              (else (loop)))))))
(show (same-fringe? '(a (b c) (d)) '((a b) (c (d)))))
(show (same-fringe? '(a (b c) d) '((a b) (x d))))

; A generator that is resumed from ever different depths.
(define (numbers n) (if (= n 0) '() (cons n (numbers (- n 1)))))
(define (total next) (let ((x (next))) (if (eq? x 'end) 0 (+ x (total next)))))
(show (total (tree->generator (numbers 10000))))

; Backtracking by re-entry: amb.
(define fail (lambda () 'exhausted))
(define (amb choices)
  (call/cc
   (lambda (k)
     (let ((outer fail))
       (let try ((rest choices))
         (if (null? rest)
             (begin (set! fail outer) (outer))
             (begin
               (call/cc (lambda (next)
                          (set! fail (lambda () (next #f)))
                          (k (car rest))))
               (try (cdr rest)))))))))
(define triples '())
(call/cc
 (lambda (done)
   (set! fail (lambda () (done #f)))
   (let* ((a (amb '(1 2 3 4 5 6 7 8 9 10 11 12 13)))
          (b (amb '(1 2 3 4 5 6 7 8 9 10 11 12 13)))
          (c (amb '(1 2 3 4 5 6 7 8 9 10 11 12 13))))
     (if (and (< a b) (= (* c c) (+ (* a a) (* b b))))
         (set! triples (cons (list a b c) triples)))
     (fail))))
(show (reverse triples))

; Loops that capture the continuation take no memory.
(define (spin n) (if (= n 0) 'done (begin (call/cc (lambda (k) (k n))) (spin (- n 1)))))
(show (spin 100000))
(define (spin-tail n) (if (= n 0) 'done (call/cc (lambda (k) (spin-tail (- n 1))))))
(show (spin-tail 100000))
(define (spin-throw n) (if (= n 0) 'done ((call/cc (lambda (k) (k (lambda () (spin-throw (- n 1)))))))))
(show (spin-throw 100000))

(define (ctak x y z) (call/cc (lambda (k) (ctak-aux k x y z))))
(define (ctak-aux k x y z)
  (if (not (< y x))
      (k z)
      (call/cc
       (lambda (k)
         (ctak-aux k
                   (call/cc (lambda (k) (ctak-aux k (- x 1) y z)))
                   (call/cc (lambda (k) (ctak-aux k (- y 1) z x)))
                   (call/cc (lambda (k) (ctak-aux k (- z 1) x y))))))))
(show (ctak 12 8 4))

; Out of eval, and out of a macro that is being expanded.
(define out #f)
(show (call/cc (lambda (k) (set! out k) (eval '(+ 1 (out 'escaped))))))
(define-macro (leaves) (out 'unexpanded) 1)
(show (call/cc (lambda (k) (set! out k) (eval '(list (leaves))))))
(show (+ 1 (eval '(call/cc (lambda (k) (set! out k) 1)))))
(set! count (+ count 1))
(if (< count 7) (out count))
