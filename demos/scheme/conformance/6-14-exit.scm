;; R7RS section 6.14: exit runs the outstanding after thunks of dynamic-wind; here the last
;; of them ends the section.
(import (scheme base) (scheme process-context) (test))

(section "6.14 exit")
(define order '())
(define (note x) (set! order (cons x order)))
(dynamic-wind
 (lambda () #f)
 (lambda ()
   (dynamic-wind
    (lambda () (note 'inner-before))
    (lambda () (note 'exiting) (exit 3) (note 'not-reached))
    (lambda () (note 'inner-after))))
 (lambda ()
   (test '(inner-before exiting inner-after) (reverse order))
   (summary)))
