; Maps a procedure over a large tree, by one thread and by two: parallel-map.scm [DEPTH [THREADS]]
;
; The upper branches of the tree are left to threads; all of them share the heap, so nothing is copied.
(import (scheme base) (scheme write) (scheme time) (srfi 18) (only (gcscheme) command-argument))

(define (make-tree depth)
  (if (= depth 0) 20 (cons (make-tree (- depth 1)) (make-tree (- depth 1)))))

(define (tree-map f tree)
  (if (pair? tree)
      (cons (tree-map f (car tree)) (tree-map f (cdr tree)))
      (f tree)))

; Each thread takes one branch; the calling thread does the last.
(define (parallel-tree-map f tree threads)
  (if (or (= threads 1) (not (pair? tree)))
      (tree-map f tree)
      (let* ((half (quotient threads 2))
             (left (thread-start!
                    (make-thread (lambda () (parallel-tree-map f (car tree) half)))))
             (right (parallel-tree-map f (cdr tree) (- threads half))))
        (cons (thread-join! left) right))))

(define (sum tree)
  (if (pair? tree) (+ (sum (car tree)) (sum (cdr tree))) tree))

(define (work n) ; allocates a list of n numbers, reverses and adds it
  (let loop ((i 0) (l '()))
    (if (< i n) (loop (+ i 1) (cons i l)) (apply + (reverse l)))))

(define (timed name thunk)
  (let* ((start (current-jiffy)) (result (thunk)))
    (write-string name)
    (write (inexact (/ (- (current-jiffy) start) (jiffies-per-second))))
    (write-string " s\n")
    result))

(define (argument i default)
  (string->number (command-argument i (number->string default))))

(define depth (argument 1 16))
(define threads (argument 2 2))
(define tree (make-tree depth))
(define one (timed "one thread:      " (lambda () (sum (tree-map work tree)))))
(define many
  (timed (string-append (number->string threads) " threads:       ")
         (lambda () (sum (parallel-tree-map work tree threads)))))
(write-string (if (= one many) "the same sum: " "different sums: "))
(write many)
(newline)
