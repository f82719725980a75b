; SRFI 13.
(import (except (scheme base) string-map string-for-each) (scheme write) (only (scheme char) char-alphabetic? char-numeric? char-upcase char-whitespace?) (srfi 13))
(define-syntax test (syntax-rules () ((_ e) (begin (write e) (newline)))))
(define (fails thunk) (call/cc (lambda (k) (with-exception-handler (lambda (e) (k (error-object-message e))) thunk))))

; Predicates, constructors, lists
(test (list (string-null? "") (string-every #\a "aaa") (string-every char-numeric? "12a") (string-every char-numeric? "12a" 0 2) (string-any #\b "abc") (string-any char-numeric? "abc")))
(test (string-every (lambda (c) (and (char-alphabetic? c) (char-upcase c))) "abc"))
(test (fails (lambda () (string-every 5 "abc"))))
(test (list (string-tabulate (lambda (i) (integer->char (+ i 97))) 4) (reverse-list->string '(#\a #\b)) (string->list "abcd" 1 3)))
(test (list (string-join '("foo" "bar")) (string-join '("foo" "bar") ":" 'suffix) (string-join '() ":" 'infix) (fails (lambda () (string-join '() ":" 'strict-infix)))))

; Selection
(test (list (substring/shared "hello" 2) (substring/shared "hello" 1 3) (string-take "Pete S" 4) (string-drop "Pete S" 5) (string-take-right "Beta rules" 5) (string-drop-right "Beta rules" 6)))
(test (list (string-pad "325" 5) (string-pad "8871325" 5) (string-pad-right "325" 5 #\.) (string-pad-right "8871325" 5)))
(test (list (string-trim "  outlook ") (string-trim-right " outlook  ") (string-trim-both "xxoxx" #\x) (string-trim-both "12ab3" char-numeric?) (string-trim "aab" #\a 1)))

; Comparison
(define (tag name) (lambda (i) (list name i)))
(test (list (string-compare "The cat" "abcd" (tag '<) (tag '=) (tag '>)) (string-compare "abc" "abc" (tag '<) (tag '=) (tag '>)) (string-compare "ab" "abc" (tag '<) (tag '=) (tag '>)) (string-compare "abd" "abc" (tag '<) (tag '=) (tag '>)) (string-compare "xxab" "yab" (tag '<) (tag '=) (tag '>) 2 4 1 3)))
(test (string-compare-ci "ABC" "abd" (tag '<) (tag '=) (tag '>)))
(test (list (string= "abc" "abc") (string<> "abc" "abc") (string< "abc" "abd") (string> "abc" "abd") (string<= "abc" "abc") (string>= "abb" "abc")))
(test (list (string-ci= "aBc" "AbC") (string-ci<> "aBc" "AbC") (string-ci< "aBc" "ABD") (string-ci> "b" "A") (string-ci<= "A" "a") (string-ci>= "a" "B")))
(test (list (string= "xabcx" "abc" 1 4) (string< "b" "zab" 0 1 1)))
(test (list (= (string-hash "abc") (string-hash "xabc" 0 1)) (= (string-hash-ci "ABC") (string-hash-ci "abc")) (< -1 (string-hash "a long string indeed" 10) 10) (= (string-hash "abc") (string-hash "abd"))))
(test (list (string-prefix-length "cancaNCAM" "cancer") (string-suffix-length "testing" "sting") (string-prefix-length-ci "cancaNCAM" "CANCANcan") (string-suffix-length-ci "abC" "xBc")))
(test (list (string-prefix? "foo" "foobar") (string-suffix? "bar" "foobar") (string-prefix-ci? "FOO" "foobar") (string-suffix-ci? "BAR" "foobar") (string-prefix? "fox" "foobar")))

; Searching
(define s "hello world")
(test (list (string-index s #\o) (string-index s char-whitespace?) (string-index s #\z) (string-index s #\o 5) (string-index s #\o 5 6)))
(test (list (string-index-right s #\o) (string-index-right s #\z) (string-index-right s #\o 0 5) (string-skip "  a" #\space) (string-skip "  " #\space) (string-skip-right "a  " char-whitespace?)))
(test (list (string-count "banana" #\a) (string-count "banana" char-alphabetic? 2)))
(test (list (string-contains "eek -- what a geek." "ee" 12 18) (string-contains s "o w") (string-contains s "xyz") (string-contains s "") (string-contains-ci s "O W") (string-contains "aabaabaaab" "aabaaab") (string-contains "aaab" "aab") (string-contains "ab" "abc") (string-contains "xxab" "zab" 0 4 1)))
(test (list (make-kmp-restart-vector "abdabx") (make-kmp-restart-vector "") (make-kmp-restart-vector "aaaa")))
(test (let ((rv (make-kmp-restart-vector "abab")))
        (list (string-kmp-partial-search "abab" rv "xxaba" 0) (string-kmp-partial-search "abab" rv "bxx" 3) (kmp-step "abab" rv #\a 3 char=? 0))))

; Case, reversal, appending
(test (list (string-titlecase "--capitalize tHIS sentence.") (string-titlecase "see Spot run. see Nix run.") (string-titlecase "3com makes routers.") (string-titlecase "greasy fried chicken" 2)))
(test (list (string-upcase "straße") (string-upcase "abcd" 1 3) (string-downcase "ABC")))
(test (let ((a (string-copy "abcd")) (b (string-copy "ABCD")) (c (string-copy "abc dEF")) (d (string-copy "abcd")))
        (string-upcase! a 1 3) (string-downcase! b) (string-titlecase! c) (string-reverse! d 1) (list a b c d)))
(test (list (string-reverse "Able was I") (string-reverse "abcd" 1 3) (string-concatenate '("a" "bc" "")) (string-append/shared "a" "b") (string-concatenate/shared '("x")) (string-concatenate-reverse '(" must be" "Hello, I") " going.XXXX" 7) (string-concatenate-reverse/shared '("a" "b"))))

; Mapping and folding
(test (list (string-map char-upcase "abc") (string-map char-upcase "abcd" 1 3) (string-fold cons '() "abc") (string-fold-right cons '() "abcd" 1) (string-unfold null? car cdr '(#\a #\b)) (string-unfold-right null? car cdr '(#\a #\b) ">" (lambda (x) "<"))))
(test (let ((a (string-copy "abc")) (l '()) (m '())) (string-map! char-upcase a 1) (string-for-each (lambda (c) (set! l (cons c l))) "abc" 1) (string-for-each-index (lambda (i) (set! m (cons i m))) "abc") (list a l m)))

; The rest
(test (list (xsubstring "abcdef" 2) (xsubstring "abcdef" -2) (xsubstring "abc" 0 7) (xsubstring "xabcx" 1 5 1 4) (xsubstring "" 0) (fails (lambda () (xsubstring "" 0 1)))))
(test (let ((target (make-string 6 #\.))) (string-xcopy! target 1 "abc" 1 5) target))
(test (list (string-replace "The TCL programmer endured daily ridicule." "another miserable perl drone" 4 7 8 22) (string-replace "lots" "X" 1 3)))
(test (list (string-tokenize "Help make programs run, run, RUN!") (string-tokenize "a1bc22d" char-alphabetic?) (string-tokenize "  ") (string-tokenize "xaax a" #\a 1 3)))
(test (list (string-filter char-alphabetic? "a1b2") (string-delete char-alphabetic? "a1b2") (string-filter #\a "banana" 2) (string-delete "banana" #\a)))
(test (list (substring-spec-ok? "abc" 1 3) (substring-spec-ok? "abc" 1 4) (fails (lambda () (check-substring-spec 'me "abc" 2 1)))))
(test (let-string-start+end (start end rest) 'me "abcdef" '(1 4 more) (list start end rest)))
(test (let-string-start+end (start end) 'me "abcdef" '(2) (list start end)))
(test (fails (lambda () (let-string-start+end (start end) 'me "abcdef" '(1 2 3) start))))
