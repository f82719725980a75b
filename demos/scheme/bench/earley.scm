;; earley: an Earley recognizer with a chart of lists that also counts the parse trees of
;; an ambiguous grammar: of the kind of Feeley's earley, and not that program. Written for
;; gcalloc from the known algorithm.
(import (scheme base) (harness))

;; A grammar is a list of rules (symbol element ...); what no rule defines is a terminal.
(define grammar '((s s s) (s a)))
(define start 's)

;; An item: a rule's symbol, the elements that are still to come, where it began, and the
;; children found so far, as (symbol from to).
(define-record-type item (make-item symbol rest from children) item?
  (symbol item-symbol) (rest item-rest) (from item-from) (children item-children))

(define (same-item? a b)
  (and (eq? (item-symbol a) (item-symbol b))
       (equal? (item-rest a) (item-rest b))
       (= (item-from a) (item-from b))
       (equal? (item-children a) (item-children b))))

(define (advance item child)
  (make-item (item-symbol item) (cdr (item-rest item)) (item-from item)
             (cons child (item-children item))))

(define (terminal? symbol) (not (assq symbol grammar)))

(define (parse tokens)
  (let* ((n (length tokens)) (chart (make-vector (+ n 1) '())))
    (define agenda '())
    (define (add! item at)
      (unless (let known? ((items (vector-ref chart at)))
                (and (pair? items)
                     (or (same-item? item (car items)) (known? (cdr items)))))
        (vector-set! chart at (cons item (vector-ref chart at)))
        (set! agenda (cons item agenda))))
    (define (predict! symbol at)
      (for-each (lambda (rule)
                  (when (eq? (car rule) symbol)
                    (add! (make-item symbol (cdr rule) at '()) at)))
                grammar))
    (define (complete! done at)
      (let ((child (list (item-symbol done) (item-from done) at)))
        (for-each (lambda (item)
                    (when (and (pair? (item-rest item))
                               (eq? (car (item-rest item)) (item-symbol done)))
                      (add! (advance item child) at)))
                  (vector-ref chart (item-from done)))))
    (define (scan! token at)
      (for-each (lambda (item)
                  (when (and (pair? (item-rest item)) (eq? (car (item-rest item)) token))
                    (add! (advance item (list token at (+ at 1))) (+ at 1))))
                (vector-ref chart at)))
    (define (run-agenda! at)
      (when (pair? agenda)
        (let ((item (car agenda)))
          (set! agenda (cdr agenda))
          (cond ((null? (item-rest item)) (complete! item at))
                ((not (terminal? (car (item-rest item)))) (predict! (car (item-rest item)) at)))
          (run-agenda! at))))
    (predict! start 0)
    (let loop ((at 0) (tokens tokens))
      (run-agenda! at)
      (cond ((pair? tokens)
             (scan! (car tokens) at)
             (loop (+ at 1) (cdr tokens)))
            (else chart)))))

;; How many trees the chart has for the symbol from one place to another.
(define (count-trees chart symbol from to)
  (let ((known (make-vector (* (vector-length chart) (vector-length chart)) #f)))
    (define (count symbol from to)
      (if (terminal? symbol)
          1
          (let ((key (+ from (* to (vector-length chart)))))
            (or (vector-ref known key)
                (let ((trees (count-items (vector-ref chart to) symbol from)))
                  (vector-set! known key trees)
                  trees)))))
    (define (count-items items symbol from)
      (let loop ((items items) (total 0))
        (cond ((null? items) total)
              ((let ((item (car items)))
                 (and (null? (item-rest item))
                      (eq? (item-symbol item) symbol)
                      (= (item-from item) from)))
               (loop (cdr items) (+ total (count-children (item-children (car items))))))
              (else (loop (cdr items) total)))))
    (define (count-children children)
      (if (null? children)
          1
          (* (count (car (car children)) (cadr (car children)) (list-ref (car children) 2))
             (count-children (cdr children)))))
    (count symbol from to)))

;; The trees of n letters are counted by Catalan's numbers.
(define (run)
  (let ((n 14))
    (count-trees (parse (make-list n 'a)) start 0 n)))

(run-benchmark "earley" 20 run 742900)
