;; sboyer: a term rewriter and tautology checker that shares what did not change: the
;; program nboyer with less allocation. See rewriter.sld. Written for gcalloc.
(import (scheme base) (harness) (rewriter))

;; The pair that there was serves again if neither part changed.
(define rewrite
  (make-rewriter
   (lambda (pair first rest)
     (if (and (eq? first (car pair)) (eq? rest (cdr pair))) pair (cons first rest)))))

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

(run-benchmark "sboyer" 20 run '(#t 2963091))
