;; R7RS section 6.12: interaction-environment.
(import (scheme base) (scheme eval) (scheme repl) (test))

(section "6.12 interaction-environment")
(test 3 (eval '(+ 1 2) (interaction-environment)))
(eval '(define from-eval 5) (interaction-environment))
(test 5 (eval 'from-eval (interaction-environment)))
(eval '(define (double-from-eval x) (* 2 x)) (interaction-environment))
(test 10 (eval '(double-from-eval from-eval) (interaction-environment)))
(eval '(set! from-eval 6) (interaction-environment))
(test 6 (eval 'from-eval (interaction-environment)))
(eval '(define-syntax ten-from-eval (syntax-rules () ((_) 10))) (interaction-environment))
(test 10 (eval '(ten-from-eval) (interaction-environment)))

(summary)
