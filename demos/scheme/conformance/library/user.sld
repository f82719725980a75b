;; Uses the same counter as the program does, and exports what it imported.
(define-library (library user)
  (import (scheme base) (prefix (library counter) c:))
  (export use-counter (rename c:count seen-count) car kept)
  (begin
    (define (use-counter) (c:next!))
    (define kept (list 1 2 3))))
