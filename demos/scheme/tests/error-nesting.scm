; Nesting too deep for the C stack is an error, not a crash.
(write 'start)
(newline)
(read (open-input-string (make-string 3000000 #\()))
