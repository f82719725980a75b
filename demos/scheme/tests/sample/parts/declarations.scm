(export perimeter)
(begin (define (perimeter s) (* 4 (side s))))
