; define-macro and syntax-rules.
(define-macro (unless2 test . body) `(if ,test #f (begin ,@body)))
(write (unless2 (= 1 2) 'a 'b)) (newline)

(define-macro while
  (lambda (test . body)
    (let ((loop (gensym)))
      `(let ,loop () (when ,test ,@body (,loop))))))
(define i 0)
(while (< i 3) (display i) (set! i (+ i 1)))
(newline)

(define-syntax swap!
  (syntax-rules () ((_ a b) (let ((tmp a)) (set! a b) (set! b tmp)))))
(define (test-swap tmp other) (swap! tmp other) (list tmp other))
(write (test-swap 1 2)) (newline)

(define-syntax my-or
  (syntax-rules ()
    ((_) #f)
    ((_ e) e)
    ((_ e rest ...) (let ((t e)) (if t t (my-or rest ...))))))
(define t 5)
(write (list (my-or) (my-or #f t) (my-or #f #f))) (newline)

(define-syntax for
  (syntax-rules (in from to)
    ((_ x in list body ...) (for-each (lambda (x) body ...) list))
    ((_ x from a to b body ...) (do ((x a (+ x 1))) ((> x b)) body ...))))
(for x in '(a b c) (display x))
(for x from 1 to 5 (display x))
(newline)

(define-syntax my-let*
  (syntax-rules ()
    ((_ () body ...) (let () body ...))
    ((_ ((n v) more ...) body ...) (let ((n v)) (my-let* (more ...) body ...)))))
(write (my-let* ((a 1) (b (+ a 1)) (c (* b 10))) (list a b c))) (newline)

; Nested ellipses, a tail after an ellipsis, vectors.
(define-syntax flatten
  (syntax-rules () ((_ (a b ...) ...) '((a ...) (b ... end) ...))))
(write (flatten (1 2 3) (4) (5 6))) (newline)
(define-syntax last-first
  (syntax-rules () ((_ a ... z) (list z a ...))))
(write (last-first 1 2 3 4)) (newline)
(define-syntax vec (syntax-rules () ((_ #(a b ...)) (list a '#(b ...)))))
(write (vec #(1 2 3))) (newline)
(define-syntax my-cond
  (syntax-rules (else)
    ((_ (else e)) e)
    ((_ (c e) rest ...) (if c e (my-cond rest ...)))))
(write (my-cond (#f 1) ((= 1 1) 2) (else 3))) (newline)
(write (my-cond (#f 1) (else 3))) (newline)

; A macro that defines, and one inside a body.
(define-syntax define-getter
  (syntax-rules () ((_ name value) (define (name) value))))
(define-getter seven 7)
(write (seven)) (newline)
(define (local)
  (define-syntax twice (syntax-rules () ((_ e) (begin e e))))
  (define n 0)
  (twice (set! n (+ n 1)))
  n)
(write (local)) (newline)

; A local variable shadows a keyword; quoted data keep their names.
(write (let ((if list)) (if 1 2 3))) (newline)
(define-syntax quoted (syntax-rules () ((_ x) '(x inserted))))
(write (quoted given)) (newline)
