;; R7RS appendix A: (scheme r5rs), with the environments of the report before this one.
(import (scheme r5rs) (only (test) test test-error section summary))

(section "6.12 scheme-report-environment")
(test 3 (eval '(+ 1 2) (scheme-report-environment 5)))
(test '(1 2) (eval '(map car '((1) (2))) (scheme-report-environment 5)))
(test 6 (eval '(let ((x 2)) (* x 3)) (scheme-report-environment 5)))
(test 'ok (eval '(let-syntax ((m (syntax-rules () ((_) 'ok)))) (m)) (null-environment 5)))
(test-error (eval '(car '(1)) (null-environment 5)))
(test 0.5 (exact->inexact 1/2))
(test 1/2 (inexact->exact 0.5))
(test 120 (let loop ((n 5)) (if (= n 0) 1 (* n (loop (- n 1))))))
(test '(1 2 3) (append '(1) '(2 3)))
(test "abc" (string-append "a" "bc"))
(test #\A (char-upcase #\a))
(test 5 (force (delay (+ 2 3))))
(test 2 (caddr '(0 1 2)))

(summary)
