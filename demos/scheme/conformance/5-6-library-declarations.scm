;; R7RS section 5.6.1: the declarations that a library may have.
(import (scheme base) (library parts) (prefix (library parts) p:) (test))

(section "5.6.1 Library declarations")
(test 25 (included-square 5))
(test 'included (included-name))
(test 'second second-variable)
(test 'r7rs from-cond-expand)
(test 1 from-begin)
(test 2 from-declarations)
(test 'folded upper-case-variable)
(test 'folded p:upper-case-variable)
(test-error added)

(summary)
