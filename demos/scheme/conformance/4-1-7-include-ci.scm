;; R7RS section 4.1.7: include-ci.
(import (scheme base) (test))

(section "4.1.7 Inclusion with folded case")
(include-ci "included-upper-case.scm")
(test 'folded upper-case-variable)
(test "Kept" (car upper-case-list))
(test 'symbol (cadr upper-case-list))

(summary)
