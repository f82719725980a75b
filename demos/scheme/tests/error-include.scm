; An error in an included file names that file; what follows the include is in this one.
(include "data/included.scm")
(write included-value)
(newline)
(begin (include "data/included.scm")
       (write (+ included-value 1))
       (newline)
       (define (call) (+ 1 (included-procedure 5)))
       (+ 1 (call)))
