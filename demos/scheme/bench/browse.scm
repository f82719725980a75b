;; browse: matches patterns with variables for elements (?name) and for runs of elements
;; (*name) against a database of property lists: of the kind of Gabriel's browse, and not
;; that program. Written for gcalloc.
(import (scheme base) (harness))

(define (variable-kind x)
  (and (symbol? x) (string-ref (symbol->string x) 0)))

;; Returns whether the pattern matches under the bindings.
(define (match? pattern datum bindings)
  (cond ((null? pattern) (null? datum))
        ((not (pair? pattern)) (eqv? pattern datum))
        (else
         (let ((kind (variable-kind (car pattern))))
           (cond ((eqv? kind #\*) (match-run? pattern datum bindings))
                 ((not (pair? datum)) #f)
                 ((eqv? kind #\?) (match-element? pattern datum bindings))
                 ((pair? (car pattern))
                  (and (pair? (car datum))
                       (match? (car pattern) (car datum) bindings)
                       (match? (cdr pattern) (cdr datum) bindings)))
                 (else (and (eqv? (car pattern) (car datum))
                            (match? (cdr pattern) (cdr datum) bindings))))))))

(define (match-element? pattern datum bindings)
  (let ((bound (assq (car pattern) bindings)))
    (if bound
        (and (equal? (cdr bound) (car datum)) (match? (cdr pattern) (cdr datum) bindings))
        (match? (cdr pattern) (cdr datum) (cons (cons (car pattern) (car datum)) bindings)))))

(define (match-run? pattern datum bindings)
  (let ((bound (assq (car pattern) bindings)))
    (if bound
        (match? (append (cdr bound) (cdr pattern)) datum bindings)
        (let loop ((run '()) (rest datum))
          (or (match? (cdr pattern) rest (cons (cons (car pattern) (reverse run)) bindings))
              (and (pair? rest) (loop (cons (car rest) run) (cdr rest))))))))

(define names '#(a b c d e f))

(define (make-datum random depth)
  (let loop ((n (+ 2 (random 5))) (l '()))
    (if (= n 0)
        l
        (loop (- n 1)
              (cons (if (and (> depth 0) (= 0 (random 3)))
                        (make-datum random (- depth 1))
                        (vector-ref names (random 6)))
                    l)))))

(define (make-database n)
  (let ((random (make-random 7)))
    (let loop ((i 0) (entries '()))
      (if (= i n)
          entries
          (loop (+ i 1)
                (cons (cons (string->symbol (string-append "item" (number->string i)))
                            (make-datum random 3))
                      entries))))))

(define patterns
  '((*x a *x) (?x *y ?x) (*a (b *b) *c) (*p ?q *r ?q *p) ((*x) *y ?z) (*u *v *u *w a)))

(define (run)
  (let ((database (make-database 100)))
    (map (lambda (pattern)
           (let count ((entries database) (n 0))
             (cond ((null? entries) n)
                   ((match? pattern (cdar entries) '()) (count (cdr entries) (+ n 1)))
                   (else (count (cdr entries) n)))))
         patterns)))

(run-benchmark "browse" 30 run '(0 4 16 4 29 11))
