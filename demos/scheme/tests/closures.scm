; Captured variables, assigned or not, and mutual recursion.
(define (make-counter n) (lambda () (set! n (+ n 1)) n))
(define a (make-counter 10))
(define b (make-counter 20))
(a) (a) (b)
(write (list (a) (b))) (newline)

(define (compose . fs)
  (if (null? fs) (lambda (x) x)
      (lambda (x) ((car fs) ((apply compose (cdr fs)) x)))))
(write ((compose (lambda (x) (* x 2)) (lambda (x) (+ x 1))) 5)) (newline)

; A procedure for each turn of the loop: each has its own variable.
(define procedures
  (do ((i 0 (+ i 1)) (out '() (cons (lambda () (set! i (+ i 100)) i) out))) ((= i 3) out)))
(write (map (lambda (p) (p)) procedures)) (newline)
(write (map (lambda (p) (p)) procedures)) (newline)

; Three levels; the inner one is assigned from the innermost lambda.
(define (outer x)
  (let ((y 1))
    (lambda (z)
      (lambda ()
        (set! y (+ y z))
        (list x y z)))))
(define inner ((outer 'x) 5))
(inner)
(write (inner)) (newline)

; letrec: procedures that see each other, and a variable that is not a procedure.
(define (f)
  (define base 1)
  (define (down n) (if (= n 0) base (up (- n 1))))
  (define (up n) (if (= n 0) (* 10 base) (down (- n 1))))
  (define table (list (down 4) (up 4)))
  (set! base 7)
  (list table (down 4) (up 4)))
(write (f)) (newline)
(write (letrec ((even? (lambda (n) (if (= n 0) #t (odd? (- n 1)))))
                (odd? (lambda (n) (if (= n 0) #f (even? (- n 1))))))
         (list (even? 100) (odd? 100)))) (newline)

; A letrec procedure that is assigned afterwards.
(write (let ()
         (define (g x) (* 2 x))
         (define (call x) (g x))
         (set! g (lambda (x) (* 3 x)))
         (call 5))) (newline)

(define ((adder n) m) (+ n m))
(write ((adder 3) 4)) (newline)
(define (optional a . rest) (list a rest))
(write (list (optional 1) (optional 1 2 3))) (newline)
(write ((lambda all all) 1 2 3)) (newline)
(write (let loop ((i 0) (acc '())) (if (= i 5) acc (loop (+ i 1) (cons (lambda () i) acc)))))
(newline)
