; Exceptions: handlers, raise, error objects, and the errors of the machine.
(define (show . xs) (for-each (lambda (x) (write x) (display " ")) xs) (newline))
(define (try thunk)
  (call/cc (lambda (k) (with-exception-handler (lambda (e) (k (list 'caught e))) thunk))))
(define (message thunk)
  (call/cc
   (lambda (k)
     (with-exception-handler
      (lambda (e) (k (if (error-object? e) (error-object-message e) (list 'raised e))))
      thunk))))

(show (try (lambda () (raise 'boom))) (try (lambda () (+ 1 (raise-continuable 'boom)))))
(show (with-exception-handler (lambda (e) (* e 10)) (lambda () (+ 1 (raise-continuable 4)))))
(show (with-exception-handler
       (lambda (e) 'outer)
       (lambda ()
         (with-exception-handler
          (lambda (e) (list 'inner (raise-continuable e)))
          (lambda () (raise-continuable 'x))))))
(show (with-exception-handler (lambda (e) 0) (lambda () 'nothing)))

; Error objects.
(define e (cadr (try (lambda () (error "Something is wrong:" 1 "two" 'three)))))
(show (error-object? e) (error-object-message e) (error-object-irritants e) (error-object? 'x))
(show (read-error? e) (file-error? e))
(define r (cadr (try (lambda () (read (open-input-string "(1 2"))))))
(show (error-object? r) (read-error? r) (file-error? r) (error-object-message r))
(define f (cadr (try (lambda () (open-input-file "no such file")))))
(show (error-object? f) (read-error? f) (file-error? f) (error-object-message f))
(show (read-error? 1) (file-error? '(a)) e)

; The errors of the machine and of primitives.
(define (two a b) a)
(show (message (lambda () (car 5))))
(show (message (lambda () (two 1))))
(show (message (lambda () (apply two '(1 2 3)))))
(show (message (lambda () (undefined-variable))))
(show (message (lambda () (set! undefined-variable 1))))
(show (message (lambda () (vector-ref (vector 1 2) 2))))
(show (message (lambda () (quotient 1 0))))
(show (message (lambda () (5 5))))
(show (message (lambda () (string-append "a" 'b))))
(show (message (lambda () (letrec ((a (lambda () b)) (b (a))) b))))
(show (message (lambda () (apply car '(1 . 2)))))
(show (message (lambda () (eval '(if)))))
(show (message (lambda () (eval '(lambda (x x) x)))))
(show (message (lambda () (raise (list 1 2)))))
(show (message (lambda () (with-exception-handler 5 (lambda () 1)))))
(show (message (lambda () (error 'symbol "text"))))
(show (message (lambda () (call/cc 5))))

; Misspelt names.
(show (message (lambda () (lenght '(1)))))
(show (message (lambda () (vector-lenght '(1)))))
(show (message (lambda () (xyzzy))))

; Nested handlers: each runs with the outer ones.
(show (try (lambda () (with-exception-handler (lambda (e) (raise (list 'again e))) (lambda () (raise 'first))))))
(show (try (lambda () (with-exception-handler (lambda (e) (car e)) (lambda () (raise 'first))))))
; One that returns from raise is an error in turn.
(show (message (lambda () (with-exception-handler (lambda (e) 'returned) (lambda () (raise 'first))))))
(show (message (lambda () (with-exception-handler (lambda (e) 'returned) (lambda () (car 1))))))
; Handlers are those of the continuation that is returned to.
(let ((k #f) (results '()))
  (let ((result (try (lambda ()
                       (with-exception-handler
                        (lambda (e) (raise 'inner))
                        (lambda () (call/cc (lambda (c) (set! k c))) (raise 'x)))))))
    (set! results (cons result results))
    (if (< (length results) 3) (k #f))
    (show results)))

; Many errors in turn, and one in the depth.
(define (errors n caught)
  (if (= n 0) caught (errors (- n 1) (+ caught (if (pair? (try (lambda () (car n)))) 1 0)))))
(show (errors 10000 0))
(define (deep n) (if (= n 0) (raise 'bottom) (+ 1 (deep (- n 1)))))
(show (try (lambda () (deep 100000))))
(define (deeper n) (if (= n 0) 0 (+ 1 (try (lambda () (deeper (- n 1)))))))
(show (deeper 2000))
