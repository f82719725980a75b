;; Ranges of strings that are given as optional arguments.

(define (substring-spec-ok? s start end)
  (and (string? s) (exact-integer? start) (exact-integer? end)
       (<= 0 start end (string-length s))))

(define (check-substring-spec procedure s start end)
  (if (not (substring-spec-ok? s start end))
      (error "not a range of the string:" procedure s start end)))

;; The arguments that are left, the start and the end.
(define (string-parse-start+end procedure s arguments)
  (let* ((start (if (pair? arguments) (car arguments) 0))
         (others (if (pair? arguments) (cdr arguments) '()))
         (end (if (pair? others) (car others) (string-length s))))
    (check-substring-spec procedure s start end)
    (values (if (pair? others) (cdr others) '()) start end)))

(define (string-parse-final-start+end procedure s arguments)
  (let-values (((rest start end) (string-parse-start+end procedure s arguments)))
    (if (pair? rest) (error "too many arguments:" procedure rest))
    (values start end)))

(define-syntax let-string-start+end
  (syntax-rules ()
    ((_ (start end) procedure s arguments body ...)
     (let-values (((start end) (string-parse-final-start+end procedure s arguments)))
       body ...))
    ((_ (start end rest) procedure s arguments body ...)
     (let-values (((rest start end) (string-parse-start+end procedure s arguments)))
       body ...))))
