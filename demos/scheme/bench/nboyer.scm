;; nboyer: a term rewriter and tautology checker that builds every term anew.
;; See rewriter.sld for what it is. Written for gcalloc.
(import (scheme base) (harness) (rewriter))

;; A term is built anew even where nothing changed.
(define rewrite (make-rewriter (lambda (pair first rest) (cons first rest))))

(define theorem
  '(implies (and (implies p q) (and (implies q r) (implies r u))) (implies p u)))

(define bindings
  '((p . (equal (plus (plus a b) (plus c (zero))) (plus a (plus b c))))
    (q . (equal (times (times a b) (plus c d)) (plus (times a (times b c)) x)))
    (r . (member a (append (reverse (append b c)) (append d (reverse (cons x (nil)))))))
    (u . (equal (length (reverse (append x y))) (exp a (plus b (succ (succ (zero)))))))))

;; Whether the theorem holds, and how often lemmas were tried.
(define (run)
  (let-values (((term tried) (rewrite (substitute bindings theorem))))
    (list (tautology? term '() '()) tried)))

(run-benchmark "nboyer" 20 run '(#t 2963091))
