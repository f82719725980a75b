; All ways to put n queens on an n by n board so that none attacks another.
; Usage: gcscheme nqueens.scm [N [ROUNDS]]

(define (argument i default)
  (if (< i (length (command-line)))
      (string->number (list-ref (command-line) i))
      default))

; A board is the list of the columns of the queens placed so far, the last row first.
(define (safe? column board)
  (let loop ((rest board) (distance 1))
    (or (null? rest)
        (let ((other (car rest)))
          (and (not (= other column))
               (not (= (abs (- other column)) distance))
               (loop (cdr rest) (+ distance 1)))))))

(define (queens n)
  (define (extend boards)
    (append-map
     (lambda (board)
       (map (lambda (column) (cons column board))
            (filter (lambda (column) (safe? column board)) (iota n 1))))
     boards))
  (do ((row 0 (+ row 1))
       (boards '(()) (extend boards)))
      ((= row n) boards)))

(define (draw board)
  (for-each
   (lambda (column)
     (do ((i 1 (+ i 1))) ((> i (length board)))
       (display (if (= i column) " Q" " .")))
     (newline))
   board))

(define n (argument 1 9))
(define rounds (argument 2 60))

(define solutions (queens n))
(do ((i 1 (+ i 1))) ((= i rounds))
  (set! solutions (queens n)))

(display n) (display " queens: ")
(display (length solutions)) (display " solutions, the first is") (newline)
(draw (car solutions))
