;; gcbench: builds binary trees top-down and bottom-up beside a tree and an array that
;; live on: after the design of John Ellis, Pete Kovac and Hans Boehm. Written for gcalloc.
(import (scheme base) (harness))

(define-record-type node (make-node left right) node?
  (left node-left set-node-left!)
  (right node-right set-node-right!))

(define (tree-size depth) (- (expt 2 (+ depth 1)) 1))

(define (populate! node depth)
  (when (> depth 0)
    (set-node-left! node (make-node #f #f))
    (set-node-right! node (make-node #f #f))
    (populate! (node-left node) (- depth 1))
    (populate! (node-right node) (- depth 1))))

(define (make-tree depth)
  (if (= depth 0)
      (make-node #f #f)
      (make-node (make-tree (- depth 1)) (make-tree (- depth 1)))))

(define (count-nodes node)
  (if node
      (+ 1 (count-nodes (node-left node)) (count-nodes (node-right node)))
      0))

(define long-lived-depth 14)
(define array-size 100000)

(define (build-trees depth)
  (let ((count (quotient (* 2 (tree-size long-lived-depth)) (tree-size depth))))
    (do ((i 0 (+ i 1))) ((= i count))
      (populate! (make-node #f #f) depth)
      (make-tree depth))))

(define (run)
  (let ((long-lived (make-node #f #f))
        (array (make-vector array-size 0.0)))
    (populate! long-lived long-lived-depth)
    (do ((i 1 (+ i 1))) ((= i array-size)) (vector-set! array i (/ 1.0 i)))
    (do ((depth 4 (+ depth 2))) ((> depth long-lived-depth)) (build-trees depth))
    (list (count-nodes long-lived) (vector-ref array 1000))))

(run-benchmark "gcbench" 4 run (list (tree-size long-lived-depth) 0.001))
