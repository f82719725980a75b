;; Exercises the declarations of a library: includes, cond-expand, several of each kind.
(define-library (library parts)
  (export included-square included-name second-variable)
  (export from-cond-expand from-begin upper-case-variable)
  (import (only (scheme base) define if eq? quote * + list begin))
  (include "parts/first.scm" "parts/second.scm")
  (include-ci "parts/upper-case.scm")
  (include-library-declarations "parts/declarations.scm")
  (cond-expand
    ((and r7rs (library (scheme base)))
     (begin (define from-cond-expand 'r7rs)))
    (else (begin (define from-cond-expand 'other))))
  (begin
    (define from-begin 1))
  (begin
    (define added (+ from-begin 1))))
