;; dynamic: infers where programs need checks of dynamic types, by unification of type
;; variables over the programs' expressions: of the kind of Henglein's dynamic, and not that
;; program. Written for gcalloc.
(import (scheme base) (harness))

;; The order matters where types do not fit.
(define (map-in-order f l)
  (if (null? l)
      '()
      (let ((first (f (car l))))
        (cons first (map-in-order f (cdr l))))))

;; A type variable stands for itself or, when it is bound, for another type. A constructed
;; type is a list of its constructor and its parts.
(define-record-type variable (make-variable bound) variable?
  (bound variable-bound bind-variable!))

(define (new-variable) (make-variable #f))

(define (resolve type)
  (if (and (variable? type) (variable-bound type))
      (let ((end (resolve (variable-bound type))))
        (bind-variable! type end)
        end)
      type))

(define checks 0)
(define (need-check!) (set! checks (+ checks 1)))

;; Where two types do not fit, a check is needed, and neither changes.
(define (unify! a b)
  (let ((a (resolve a)) (b (resolve b)))
    (cond ((eq? a b) #t)
          ((variable? a) (if (occurs? a b) (need-check!) (bind-variable! a b)))
          ((variable? b) (unify! b a))
          ((and (eq? (car a) (car b)) (= (length a) (length b)))
           (for-each unify! (cdr a) (cdr b)))
          (else (need-check!)))))

(define (occurs? variable type)
  (let ((type (resolve type)))
    (cond ((eq? variable type) #t)
          ((variable? type) #f)
          (else (let any ((parts (cdr type)))
                  (and (pair? parts) (or (occurs? variable (car parts)) (any (cdr parts)))))))))

(define (primitive-type name)
  (let ((a (new-variable)))
    (case name
      ((+ - *) '(-> (number) (number) (number)))
      ((= <) '(-> (number) (number) (boolean)))
      ((cons) (list '-> a (list 'list a) (list 'list a)))
      ((car) (list '-> (list 'list a) a))
      ((cdr) (list '-> (list 'list a) (list 'list a)))
      ((null?) (list '-> (list 'list a) '(boolean)))
      (else (error "no primitive of this name" name)))))

(define (lookup name environment)
  (let ((bound (assq name environment)))
    (if bound (cdr bound) (primitive-type name))))

(define (infer e environment)
  (cond ((number? e) '(number))
        ((boolean? e) '(boolean))
        ((symbol? e) (lookup e environment))
        (else
         (case (car e)
           ((nil) (list 'list (new-variable)))
           ((if) (infer-if e environment))
           ((lambda) (infer-lambda (cadr e) (list-ref e 2) environment))
           ((letrec) (infer-letrec (cadr e) (list-ref e 2) environment))
           (else (infer-call e environment))))))

(define (infer-if e environment)
  (unify! (infer (cadr e) environment) '(boolean))
  (let ((type (infer (list-ref e 2) environment)))
    (unify! type (infer (list-ref e 3) environment))
    type))

(define (infer-lambda parameters body environment)
  (let* ((types (map (lambda (p) (new-variable)) parameters))
         (result (infer body (append (map cons parameters types) environment))))
    (append '(->) types (list result))))

(define (infer-letrec bindings body environment)
  (let* ((types (map (lambda (b) (new-variable)) bindings))
         (inner (append (map (lambda (b type) (cons (car b) type)) bindings types) environment)))
    (for-each (lambda (b type) (unify! type (infer (cadr b) inner))) bindings types)
    (infer body inner)))

(define (infer-call e environment)
  (let* ((operator (infer (car e) environment))
         (arguments (map-in-order (lambda (a) (infer a environment)) (cdr e)))
         (result (new-variable)))
    (unify! operator (append '(->) arguments (list result)))
    result))

(define program
  '(letrec ((map (lambda (f l) (if (null? l) (nil) (cons (f (car l)) (map f (cdr l))))))
            (append (lambda (a b) (if (null? a) b (cons (car a) (append (cdr a) b)))))
            (reverse (lambda (l) (if (null? l) (nil) (append (reverse (cdr l)) (cons (car l) (nil))))))
            (fold (lambda (f z l) (if (null? l) z (f (car l) (fold f z (cdr l))))))
            (length (lambda (l) (if (null? l) 0 (+ 1 (length (cdr l))))))
            (sum (lambda (l) (fold (lambda (a b) (+ a b)) 0 l)))
            (iota (lambda (n) (if (= n 0) (nil) (cons n (iota (- n 1))))))
            (wrong (lambda (l) (if (car l) (+ (length l) (car l)) (null? (iota l)))))
            (self (lambda (f) (f f)))
            (compose (lambda (f g) (lambda (x) (f (g x))))))
     (if (< (sum (map (lambda (x) (* x x)) (iota 10))) (length (reverse (iota 5))))
         (sum (map (compose (lambda (x) (+ x 1)) length) (cons (iota 3) (nil))))
         (+ (self 5) (if 0 1 #f)))))

;; The program nested in copies of itself, so that environments and types grow.
(define (nest n)
  (if (= n 0)
      program
      (list 'letrec (cadr program) (list 'if '#t (nest (- n 1)) (list-ref program 2)))))

(define (run)
  (set! checks 0)
  (infer (nest 20) '())
  checks)

(run-benchmark "dynamic" 20 run 189)
