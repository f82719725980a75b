; Symbols that nothing has any more go; those that mean something stay.
(define guardian (make-guardian))
(define (name n) (string->symbol (string-append "made-up-" (number->string n))))
(define before (name 7))
(define (drain)
  (let loop ((n 0))
    (let ((s (guardian)))
      (cond ((not s) n)
            ((and (symbol? s) (eq? s (string->symbol (symbol->string s)))) (loop (+ n 1)))
            (else (error "not the symbol of its name" s))))))
(do ((i 0 (+ i 1))) ((= i 2000)) (guardian (name i)))
(gc-collect)
(write (> (drain) 1980)) (newline)
(gc-collect)
(write (eq? before (name 7))) (newline)

; Known by nothing but their global variable, or their syntax.
(do ((i 0 (+ i 1))) ((= i 100)) (eval (list 'define (name i) (* i i))))
(eval (list 'define-syntax (string->symbol "made-up-syntax")
            '(syntax-rules () ((_ x) (list x x)))))
(gc-collect)
(do ((i 0 (+ i 1)))
    ((= i 100))
  (if (not (= (eval (name i)) (* i i))) (error "lost a variable" i)))
(write (eval (list (string->symbol (string-append "made-up-" "syntax")) 3))) (newline)

; Many of them, one after the other.
(do ((i 0 (+ i 1))) ((= i 50000)) (string->symbol (number->string i)))
(write (eq? 'a (string->symbol "a"))) (newline)
