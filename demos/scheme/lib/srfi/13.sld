;; SRFI 13: strings.  What SRFI 130 has, too, is its; a criterion is a character or a predicate, as there are
;; no character sets.
(define-library (srfi 13)
  (import (except (scheme base) string-map string-for-each)
          (scheme case-lambda)
          (rename (scheme char) (string-upcase upcase) (string-downcase downcase))
          (rename (except (srfi 130) string-skip string-skip-right string-split)
                  (string-every every) (string-any any) (string-count count)
                  (string-index find) (string-index-right find-right)
                  (string-trim trim) (string-trim-right trim-right) (string-trim-both trim-both)
                  (string-filter filter) (string-for-each-cursor string-for-each-index)
                  (string-contains contains) (string-replicate replicate)))
  (export
   string? string-null? string-every string-any
   make-string string string-tabulate
   string->list list->string reverse-list->string string-join
   string-length string-ref string-copy substring/shared string-copy!
   string-take string-take-right string-drop string-drop-right string-pad string-pad-right
   string-trim string-trim-right string-trim-both
   string-set! string-fill!
   string-compare string-compare-ci string= string<> string< string> string<= string>=
   string-ci= string-ci<> string-ci< string-ci> string-ci<= string-ci>= string-hash string-hash-ci
   string-prefix-length string-suffix-length string-prefix-length-ci string-suffix-length-ci
   string-prefix? string-suffix? string-prefix-ci? string-suffix-ci?
   string-index string-index-right string-skip string-skip-right string-count
   string-contains string-contains-ci
   string-titlecase string-upcase string-downcase
   string-titlecase! string-upcase! string-downcase!
   string-reverse string-reverse! string-append string-concatenate
   string-concatenate/shared string-append/shared
   string-concatenate-reverse string-concatenate-reverse/shared
   string-map string-map! string-fold string-fold-right string-unfold string-unfold-right
   string-for-each string-for-each-index
   xsubstring string-xcopy! string-replace string-tokenize string-filter string-delete
   string-parse-start+end string-parse-final-start+end let-string-start+end
   check-substring-spec substring-spec-ok?
   make-kmp-restart-vector kmp-step string-kmp-partial-search)
  (include "130/ranges.scm" "13/ranges.scm" "13/comparisons.scm" "13/searches.scm" "13/maps.scm"))
