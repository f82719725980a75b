;; peval: a partial evaluator for programs of first-order procedures, which specializes
;; calls with known arguments: of the kind of Feeley's peval, and not that program. Written
;; for gcalloc.
(import (scheme base) (harness))

;; A program is a list of (name (parameter ...) body). Expressions are constants, variables,
;; (quote x), (if a b c) and calls of primitives or procedures.
(define (constant? e)
  (or (number? e) (boolean? e) (and (pair? e) (eq? (car e) 'quote))))

(define (constant-value e) (if (pair? e) (cadr e) e))

(define (make-constant x)
  (if (or (number? x) (boolean? x)) x (list 'quote x)))

(define primitives
  (list (cons '+ +) (cons '- -) (cons '* *) (cons '= =) (cons '< <)
        (cons 'quotient quotient) (cons 'even? even?)
        (cons 'car car) (cons 'cdr cdr) (cons 'cons cons) (cons 'null? null?) (cons 'eq? eq?)))

(define (simplify-call name arguments)
  (let ((primitive (cdr (assq name primitives))))
    (cond ((let all ((l arguments)) (or (null? l) (and (constant? (car l)) (all (cdr l)))))
           (make-constant (apply primitive (map constant-value arguments))))
          ((and (eq? name '*) (memv 1 arguments))
           (if (eqv? 1 (car arguments)) (cadr arguments) (car arguments)))
          ((and (eq? name '*) (memv 0 arguments)) 0)
          ((and (eq? name '+) (eqv? 0 (car arguments))) (cadr arguments))
          ((and (eq? name '+) (eqv? 0 (cadr arguments))) (car arguments))
          (else (cons name arguments)))))

;; Splits parameters by whether their arguments are known.
(define (known-bindings parameters arguments)
  (cond ((null? parameters) '())
        ((constant? (car arguments))
         (cons (cons (car parameters) (car arguments))
               (known-bindings (cdr parameters) (cdr arguments))))
        (else (known-bindings (cdr parameters) (cdr arguments)))))

(define (unknown l arguments)
  (cond ((null? l) '())
        ((constant? (car arguments)) (unknown (cdr l) (cdr arguments)))
        (else (cons (car l) (unknown (cdr l) (cdr arguments))))))

;; Returns the residual program: the specialized procedures, the first of them that for the
;; call.
(define (specialize program call)
  (define residual '())
  (define names '())
  (define count 0)
  (define (reduce e bindings)
    (cond ((constant? e) e)
          ((symbol? e)
           (let ((bound (assq e bindings))) (if bound (cdr bound) e)))
          ((eq? (car e) 'if)
           (let ((test (reduce (cadr e) bindings)))
             (if (constant? test)
                 (reduce (list-ref e (if (constant-value test) 2 3)) bindings)
                 (list 'if test
                       (reduce (list-ref e 2) bindings)
                       (reduce (list-ref e 3) bindings)))))
          (else
           (let ((arguments (map (lambda (a) (reduce a bindings)) (cdr e))))
             (if (assq (car e) primitives)
                 (simplify-call (car e) arguments)
                 (reduce-call (assq (car e) program) arguments))))))
  (define (reduce-call procedure arguments)
    (let* ((known (known-bindings (cadr procedure) arguments))
           (key (cons (car procedure) known))
           (found (assoc key names)))
      (cons (if found (cdr found) (add-procedure! procedure key known arguments))
            (unknown arguments arguments))))
  (define (add-procedure! procedure key known arguments)
    (let ((name (string->symbol
                 (string-append (symbol->string (car procedure)) "-" (number->string count)))))
      (set! count (+ count 1))
      (set! names (cons (cons key name) names))
      (let ((body (reduce (list-ref procedure 2) known)))
        (set! residual
              (cons (list name (unknown (cadr procedure) arguments) body) residual))
        name)))
  (let ((body (reduce call '())))
    (values body residual)))

(define (evaluate e program bindings)
  (cond ((constant? e) (constant-value e))
        ((symbol? e) (cdr (assq e bindings)))
        ((eq? (car e) 'if)
         (evaluate (if (evaluate (cadr e) program bindings) (list-ref e 2) (list-ref e 3))
                   program
                   bindings))
        (else
         (let ((arguments (map (lambda (a) (evaluate a program bindings)) (cdr e)))
               (primitive (assq (car e) primitives)))
           (if primitive
               (apply (cdr primitive) arguments)
               (let ((procedure (assq (car e) program)))
                 (evaluate (list-ref procedure 2) program
                           (map cons (cadr procedure) arguments))))))))

(define program
  '((power (x n)
     (if (= n 0)
         1
         (if (even? n)
             (square (power x (quotient n 2)))
             (* x (power x (- n 1))))))
    (square (x) (* x x))
    (polynomial (coefficients x)
     (if (null? coefficients)
         0
         (+ (car coefficients) (* x (polynomial (cdr coefficients) x)))))
    (nth (l n) (if (= n 0) (car l) (nth (cdr l) (- n 1))))
    (interpret (code x stack)
     (if (null? code)
         (car stack)
         (if (eq? (car code) 'x)
             (interpret (cdr code) x (cons x stack))
             (if (eq? (car code) 'add)
                 (interpret (cdr code) x (cons (+ (nth stack 0) (nth stack 1)) (cdr (cdr stack))))
                 (if (eq? (car code) 'multiply)
                     (interpret (cdr code) x
                                (cons (* (nth stack 0) (nth stack 1)) (cdr (cdr stack))))
                     (interpret (cdr code) x (cons (car code) stack)))))))))

(define calls
  '((power x 100)
    (polynomial '(3 1 4 1 5 9 2 6 5 3 5 8 9 7 9) x)
    (interpret '(x x multiply 3 x multiply add 7 add x add) x '())
    (power (power x 3) 5)))

;; For each call: how many procedures it gave, and its value where x is 2.
(define (run)
  (map (lambda (call)
         (let-values (((body residual) (specialize program call)))
           (list (length residual) (evaluate body residual '((x . 2))))))
       calls))

(run-benchmark "peval" 100 run
               '((11 1267650600228229401496703205376) (16 267277) (14 19) (7 32768)))
