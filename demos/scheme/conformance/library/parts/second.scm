;; Included after first.scm, on which it depends.
(define second-variable (if (eq? (included-name) 'included) 'second 'alone))
