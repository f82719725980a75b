; What patterns match and templates make.
(import (scheme base) (scheme write))

(define-syntax test
  (syntax-rules ()
    ((_ expression) (begin (write expression) (newline)))))
(define-syntax test-rules
  (syntax-rules ()
    ((_ m rules use ...) (begin (test (let-syntax ((m rules)) use)) ...))))

; Ellipses, alone, with a tail, nested, and of several variables.
(test-rules m (syntax-rules () ((_ a ...) '(a ...))) (m) (m 1) (m 1 2 3))
(test-rules m (syntax-rules () ((_ a ... z) '(z a ...))) (m 1) (m 1 2 3))
(test-rules m (syntax-rules () ((_ a b ... y z) '(a (b ...) y z))) (m 1 2 3) (m 1 2 3 4 5))
(test-rules m (syntax-rules () ((_ (a b ...) ...) '((a ...) ((b ...) ...)))) (m) (m (1)) (m (1 2 3) (4) (5 6)))
(test-rules m (syntax-rules () ((_ ((a b ...) ...) ...) '(((b ... a) ...) ...)))
            (m ((1 2 3) (4)) () ((5 6))))
(test-rules m (syntax-rules () ((_ (a b) ...) '((a ...) (b ...) (a b) ...))) (m) (m (1 2) (3 4)))
(test-rules m (syntax-rules () ((_ a b ...) '((a b) ...))) (m 1) (m 1 2 3))
(test-rules m (syntax-rules () ((_ (a ...) (b ...)) '((a b) ...))) (m (1 2) (3 4)) (m () ()))
(test-rules m (syntax-rules () ((_ (a ...) ...) '(a ... ...))) (m (1 2) () (3)))
(test-rules m (syntax-rules () ((_ ((a ...) ...) ...) '(a ... ... ...))) (m ((1 2) (3)) () ((4))))
(test-rules m (syntax-rules () ((_ a ...) '(x (y a z) ... w))) (m 1 2))
(test-rules m (syntax-rules () ((_ (a ...) x) '((a x) ...))) (m (1 2 3) 4))

; Tails after a dot.
(test-rules m (syntax-rules () ((_ . r) 'r)) (m) (m 1) (m 1 . 2))
(test-rules m (syntax-rules () ((_ a . r) '(r . a))) (m 1) (m 1 2 3) (m 1 . 2))
(test-rules m (syntax-rules () ((_ a ... . r) '((a ...) r))) (m) (m 1 2) (m 1 2 . 3))
(test-rules m (syntax-rules () ((_ a ... y . r) '((a ...) y r))) (m 1) (m 1 2 3) (m 1 2 . 3))
(test-rules m (syntax-rules () ((_ (a . b) ...) '((a ...) (b ...)))) (m (1 . 2) (3 4) (5)))
(test-rules m (syntax-rules () ((_ a ...) '(a ... . end))) (m 1 2))

; Vectors.
(test-rules m (syntax-rules () ((_ #(a b ...)) '(a (b ...)))) (m #(1)) (m #(1 2 3)))
(test-rules m (syntax-rules () ((_ #(a ... z)) '#(z a ...))) (m #(1 2 3)))
(test-rules m (syntax-rules () ((_ #(a ...) ...) '(#(a ...) ... #((a ...) ...)))) (m #(1 2) #() #(3)))
(test-rules m (syntax-rules () ((_ #(a #(b))) '(a b)) ((_ x) 'none)) (m #(1 #(2))) (m #(1 2)) (m (1 2)))
(test-rules m (syntax-rules () ((_ a) #(1 a b))) (m 5))

; Data in patterns, and rules in order.
(test-rules m (syntax-rules () ((_ 1) 'one) ((_ "s") 'string) ((_ #\c) 'char) ((_ #t) 'true) ((_ ()) 'nil)
              ((_ (x)) 'list) ((_ x) 'other))
            (m 1) (m "s") (m #\c) (m #t) (m ()) (m (1)) (m 2) (m "t"))
(test-rules m (syntax-rules () ((_ a) 1) ((_ a b) 2) ((_ a b . c) 'more)) (m 1) (m 1 2) (m 1 2 3))

; The underscore matches, and binds nothing.
(test-rules m (syntax-rules () ((_ _ _ x) 'x)) (m 1 2 3))
(test-rules m (syntax-rules () ((_ (_ a) ...) '(a ...))) (m (1 2) (3 4)))
(test-rules m (syntax-rules (_) ((m _) 'underscore) ((m x) 'other)) (m _) (m 5))

; Literals.
(test-rules m (syntax-rules (in from) ((_ x in y) '(in x y)) ((_ x from y) '(from x y)) ((_ x y z) 'none))
            (m 1 in 2) (m 1 from 2) (m 1 to 2))
(test-rules m (syntax-rules (=>) ((_ (a => b) ...) '((a b) ...)) ((_ . x) 'none)) (m (1 => 2) (3 => 4)) (m (1 2 3)))
(test-rules m (syntax-rules (...) ((_ ...) 'dots) ((_ x) 'other)) (m ...) (m 1))

; Escaped and other ellipses.
(test-rules m (syntax-rules () ((_ a) '(a (... ...)))) (m 1))
(test-rules m (syntax-rules () ((_ a) '(... (a ... b ...)))) (m 1))
(test-rules m (syntax-rules ::: () ((_ a :::) '(a ::: ...))) (m 1 2 3))
(test-rules m (syntax-rules ::: (:::) ((_ :::) 'literal) ((_ x) 'other)) (m :::) (m 1))
(test-rules m (syntax-rules dots (end) ((_ (a b dots) dots end) '((b dots a) dots))) (m (1 2 3) (4) end))
(define-syntax be-like-begin
  (syntax-rules ()
    ((be-like-begin name)
     (define-syntax name
       (syntax-rules ()
         ((name expr (... ...)) (begin expr (... ...))))))))
(be-like-begin sequence)
(test (sequence 1 2 3 4))
(define-syntax be-like-begin2
  (syntax-rules ()
    ((_ name) (define-syntax name (syntax-rules &etc () ((name expr &etc) (begin expr &etc)))))))
(be-like-begin2 sequence2)
(test (sequence2 1 2 3 5))
(define-syntax be-like-begin3
  (syntax-rules &etc ()
    ((_ name) (define-syntax name (syntax-rules () ((name expr ...) (begin expr ...)))))))
(be-like-begin3 sequence3)
(test (sequence3 1 2 3 6))

; Macros that call macros, that take macros' names, and that stand for others.
(define-syntax my-cond
  (syntax-rules (else =>)
    ((_ (else e ...)) (let () e ...))
    ((_ (c => f) clause ...) (let ((t c)) (if t (f t) (my-cond clause ...))))
    ((_ (c) clause ...) (let ((t c)) (if t t (my-cond clause ...))))
    ((_ (c e ...) clause ...) (if c (let () e ...) (my-cond clause ...)))
    ((_) #f)))
(test (list (my-cond (#f 1) ((assv 2 '((1 . 2) (2 . 3))) => cdr) (else 3))
            (my-cond (#f 1) (else 3)) (my-cond (#f) (5)) (my-cond)))
(define-syntax apply-macro (syntax-rules () ((_ m x ...) (m x ...))))
(test (apply-macro my-cond (#f 1) (else 2)))
(test (apply-macro if #t 1 2))
(define-syntax my-let*
  (syntax-rules ()
    ((_ () body ...) (let () body ...))
    ((_ ((n v) more ...) body ...) (let ((n v)) (my-let* (more ...) body ...)))))
(test (my-let* ((a 1) (b (+ a 1)) (c (* b 10))) (list a b c)))
(define-syntax reverse-macro
  (syntax-rules () ((_ () r) 'r) ((_ (a . b) r) (reverse-macro b (a . r)))))
(test (reverse-macro (1 2 3) ()))
(define-syntax ten (syntax-rules () ((_) 10)))
(define-syntax plus (syntax-rules () ((_ x y) (+ x y))))
(test (plus (ten) (plus 1 (ten))))
(define-syntax cps (syntax-rules () ((_ (k . args) x) (k x . args))))
(test (cps (list 2 3) 1))
(define-syntax bodies (syntax-rules () ((_ e ...) (let () (define x 1) e ...))))
(test (bodies (define y 2) (+ y 1)))
(define-syntax my-if
  (syntax-rules () ((_ c a b) (cond (c a) (else b)))))
(test (map (lambda (x) (my-if x 'yes 'no)) '(#t #f)))
(define-syntax flat (syntax-rules () ((_ (x y ...) ...) (list (+ x y ...) ...))))
(test (flat (1 2 3) (4) (5 6)))
