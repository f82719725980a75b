; What names mean that macros insert: the binding at the macro's definition, whatever the user binds.
(import (scheme base) (scheme write))

(define-syntax test
  (syntax-rules ()
    ((_ expression) (begin (write expression) (newline)))))

; Names that a template binds.
(define-syntax swap!
  (syntax-rules () ((_ a b) (let ((tmp a)) (set! a b) (set! b tmp)))))
(test (let ((tmp 1) (other 2)) (swap! tmp other) (list tmp other)))
(define-syntax my-or2
  (syntax-rules () ((_ a b) (let ((t a)) (if t t b)))))
(test (let ((t 5)) (my-or2 #f t)))
(define-syntax my-or
  (syntax-rules () ((_) #f) ((_ e) e) ((_ e r ...) (let ((t e)) (if t t (my-or r ...))))))
(test (let ((t 1) (x #f)) (my-or x #f t)))
(define-syntax loop-until
  (syntax-rules () ((_ var init test step) (let loop ((var init)) (if test var (loop step))))))
(test (let ((loop 3)) (loop-until i 0 (= i loop) (+ i 1))))
(define-syntax m-do
  (syntax-rules () ((_ n body) (do ((i 0 (+ i 1)) (acc '() (cons body acc))) ((= i n) acc)))))
(test (let ((i 'user) (acc 'mine)) (m-do 2 (list i acc))))
(define-syntax m-lambda (syntax-rules () ((_ e) (lambda (x) (list x e)))))
(test (let ((x 'outer)) ((m-lambda x) 'inner)))
(define-syntax m-letrec
  (syntax-rules () ((_ e) (letrec ((f (lambda (n) (if (= n 0) e (f (- n 1)))))) (f 3)))))
(test (let ((f 'mine)) (m-letrec f)))
(define-syntax m-let* (syntax-rules () ((_ e) (let* ((a 1) (b (+ a 1))) (list a b e)))))
(test (let ((a 10) (b 20)) (m-let* (+ a b))))
(define-syntax m-body (syntax-rules () ((_ e) (let () (define y 'hidden) (list y e)))))
(test (let ((y 'seen)) (m-body y)))

; Names that a template refers to: the user binds them to something else.
(test (let ((if list)) (my-or2 #f 2)))
(test (let ((let 5)) (my-or2 #f let)))
(test (let ((list vector)) (m-body 1)))
(define-syntax m-cond (syntax-rules () ((_ a b) (cond (a => (lambda (x) (list x b))) (else b)))))
(test (let ((else #f) (=> 2)) (m-cond #f 'alternative)))
(test (let ((else #f) (=> 2) (list vector)) (m-cond 1 'two)))
(define-syntax m-case (syntax-rules () ((_ x) (case x ((1) 'one) (else 'other)))))
(test (let ((else 0) (case list)) (list (m-case 1) (m-case 2))))
(define-syntax m-quote (syntax-rules () ((_ x) '(x inserted))))
(test (let ((quote list) (inserted 1)) (m-quote y)))
(define-syntax m-quasi (syntax-rules () ((_ x) `(a ,x ,@(list x x)))))
(test (let ((list vector) (unquote 1) (append 2)) (m-quasi 3)))
(define-syntax m-when (syntax-rules () ((_ t x) (when t (unless #f x)))))
(test (let ((when 1) (unless 2) (begin 3)) (m-when #t (+ when unless begin))))
(define-syntax m-define (syntax-rules () ((_ n v) (define n (list v)))))
(test (let ((define 3) (list 4)) (m-define z define) z))
(define-syntax m-named (syntax-rules () ((_ n) (let loop ((i n)) (if (> i 0) (loop (- i 1)) 'done)))))
(test (let ((> <) (- +)) (m-named 3)))
(define-syntax m-set (syntax-rules () ((_ v e) (set! v e))))
(test (let ((set! 1) (v 2)) (m-set v 3) (list set! v)))
(define-syntax m-values
  (syntax-rules () ((_ e) (let-values (((a b) e)) (list a b)))))
(test (let ((call-with-values 1) (lambda 2) (a 3)) (m-values (values a lambda))))
(test (let ((lambda 'shadowed)) (let-values (((a b) (values 1 lambda))) (list b a))))
(test (let ((call-with-values 0)) (let*-values (((a) (values 1)) ((b) (values a))) (list a b))))
(test (let ((values list) (call/cc 1) (apply 2)) (guard (e (#t e)) 'no-error)))
(test (let ((with-exception-handler 1)) (guard (e ((symbol? e) (list e))) (raise 'oops))))
(test (let ((else #t)) (guard (e (else (list 'variable-else))) (raise 1))))

; A user's global of the same name as a local of the macro, and the other way round.
(define counter 100)
(define-syntax next! (syntax-rules () ((_) (begin (set! counter (+ counter 1)) counter))))
(test (let ((counter 'local)) (list (next!) counter)))
(test (let ((next 5)) (define counter 1) (list (next!) counter)))

; Shadowing what the pattern itself uses.
(test (let ((... 2)) (let-syntax ((s (syntax-rules () ((_ x ...) 'bad) ((_ . r) 'ok)))) (s a b c))))
(test (let ((_ 5)) (let-syntax ((m (syntax-rules () ((m _) (list _ _))))) (m 7))))
(test (let ((=> #f)) (cond (#t => 'ok))))
(test (let ((else #f)) (cond (#f 3) (else 4) (#t 5))))
(test (let ((unquote list)) `(a ,(b))))

; Literals are matched by what they mean.
(define-syntax is-else (syntax-rules (else) ((_ else) 'else) ((_ x) 'other)))
(test (list (is-else else) (is-else other) (let ((else 1)) (is-else else))))
(define-syntax arrow (syntax-rules (->) ((_ a -> b) (list 'arrow a b)) ((_ a b c) (list a b c))))
(test (arrow 1 -> 2))
(test (let ((-> '-)) (arrow 1 -> 2)))
(define-syntax arrow-user (syntax-rules () ((_ a b) (arrow a -> b))))
(test (arrow-user 3 4))
(test (let ((-> 0)) (arrow-user 3 4)))
(define-syntax is-literal-local
  (syntax-rules ()
    ((_ x) (let ((lit 1))
             (let-syntax ((m (syntax-rules (lit) ((_ lit) 'same) ((_ y) 'different))))
               (list (m lit) (m x)))))))
(test (is-literal-local lit))

; Local macros.
(test (let ((x 'outer))
        (let-syntax ((m (syntax-rules () ((m) x))))
          (let ((x 'inner)) (m)))))
(test (let ((x 'outer))
        (define-syntax m (syntax-rules () ((_) x)))
        (let ((x 'inner)) (list x (m)))))
(test (letrec-syntax
          ((ev? (syntax-rules () ((_) #t) ((_ x . r) (od? . r))))
           (od? (syntax-rules () ((_) #f) ((_ x . r) (ev? . r)))))
        (list (ev? 1 2 3 4) (ev? 1 2 3) (od? 1))))
(test (letrec-syntax
          ((my-or (syntax-rules () ((_) #f) ((_ e) e)
                    ((_ e1 e2 ...) (let ((temp e1)) (if temp temp (my-or e2 ...)))))))
        (let ((x #f) (y 7) (temp 8) (let odd?) (if even?))
          (my-or x (let temp) (if y) y))))
(test (let-syntax ((given-that (syntax-rules () ((_ t s ...) (if t (begin s ...))))))
        (let ((if #t)) (given-that if (set! if 'now)) if)))
(test (let ()
        (define-syntax a (syntax-rules () ((_) (b))))
        (define (b) 'procedure)
        (a)))
(test (let ((f (lambda () 'outer-f)))
        (let-syntax ((call (syntax-rules () ((_) (f)))))
          (define (f) 'inner-f)
          (list (call) (f)))))
(test (let ((m 1)) (define-syntax m (syntax-rules () ((_) 'macro))) (m)))
(test (let-syntax ((m (syntax-rules () ((_) 'macro)))) (let ((m (lambda () 'procedure))) (m))))
(test (let-syntax () 5))

; Macros that define: names of the user are visible, names of the template are not.
(define-syntax define-getter (syntax-rules () ((_ name v) (define (name) v))))
(define-getter seven 7)
(test (seven))
(define hidden 'mine)
(define-syntax define-with-hidden
  (syntax-rules () ((_ get set v) (begin (define hidden v) (define (get) hidden)
                                         (define (set x) (set! hidden x))))))
(define-with-hidden get-1 set-1 1)
(define-with-hidden get-2 set-2 2)
(set-1 10)
(test (list (get-1) (get-2) hidden))
(define-syntax define-constant-macro
  (syntax-rules () ((_ name v) (define-syntax name (syntax-rules () ((_) v))))))
(define-constant-macro five 5)
(test (five))
(define-syntax define-adder-macro
  (syntax-rules ()
    ((_ name n) (define-syntax name (syntax-rules () ((_ x) (+ x n)))))))
(define-adder-macro add-3 3)
(test (let ((+ *)) (add-3 4)))
(define-syntax define-lister
  (syntax-rules ()
    ((_ name) (define-syntax name (syntax-rules () ((_ x (... ...)) (list 'x (... ...))))))))
(define-lister lister)
(test (lister a b c))
(define-syntax make-or
  (syntax-rules ()
    ((_ name) (define-syntax name
                (syntax-rules () ((_ a b) (let ((t a)) (if t t b))))))))
(make-or generated-or)
(test (let ((t 3)) (generated-or #f t)))
(define-syntax two-of (syntax-rules () ((_ a b) (let ((a 1)) (let ((b 2)) (list a b))))))
(define-syntax use-two-of (syntax-rules () ((_ x) (two-of tmp x))))
(test (use-two-of tmp))
(define-syntax temporaries
  (syntax-rules ()
    ((_ () (t ...) (e ...)) (let ((t e) ...) (list t ...)))
    ((_ (x . r) (t ...) es) (temporaries r (t ... tmp) es))))
(test (temporaries (1 2 3) () (1 2 3)))

; Quoted data keep their names.
(define-syntax quoted (syntax-rules () ((_ x) '(x inserted #(x inserted) "s" . tail))))
(test (quoted given))
(test (let-syntax ((m (syntax-rules () ((_ a) (symbol->string 'inserted))))) (m 1)))
(define-syntax same-symbol? (syntax-rules () ((_ x) (eq? 'x 'name))))
(test (list (same-symbol? name) (same-symbol? other)))

; A procedure that a macro makes sees its own variables.
(define-syntax make-counter
  (syntax-rules () ((_) (let ((n 0)) (lambda () (set! n (+ n 1)) n)))))
(test (let* ((n 50) (c (make-counter))) (c) (list (c) n)))
(define-syntax my-let (syntax-rules () ((_ ((n v) ...) . body) ((lambda (n ...) . body) v ...))))
(test (my-let ((a 1) (b 2)) (define c 3) (list a b c)))
(define-syntax while
  (syntax-rules () ((_ c body ...) (let lp () (when c body ... (lp))))))
(test (let ((lp 0)) (while (< lp 3) (set! lp (+ lp 1))) lp))
(define-syntax my-if
  (syntax-rules () ((_ c t e) (cond (c t) (else e)))))
(test (let ((if 1) (cond 2) (else 3)) (my-if #f if (list cond else))))
