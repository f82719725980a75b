; More than there is room for.
(define v (vector 1 2 3))
(vector-copy! v 1 (vector 4 5))
(write v)
(newline)
(vector-copy! v 2 (vector 4 5))
