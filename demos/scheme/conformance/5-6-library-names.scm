;; R7RS section 5.6: names of libraries with integers.
(import (scheme base) (library 1) (test))

(section "5.6 Library names")
(test 1 one)
(test 'integer (cond-expand ((library (library 1)) 'integer) (else 'none)))

(summary)
