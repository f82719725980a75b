(define-library (sample counter)
  (export make-counter (rename counter-next! next!) instances count-calls)
  (import (scheme base) (scheme write))
  (begin
    (display "instantiating counter") (newline)
    (define instances 0)
    (define hidden 'hidden)
    (define calls 0)
    (define (make-counter) (set! instances (+ instances 1)) (list 0))
    (define (counter-next! c) (set-car! c (+ (car c) 1)) (car c))
    (define-syntax count-calls
      (syntax-rules () ((_ e) (begin (set! calls (+ calls 1)) (list hidden calls e)))))))
