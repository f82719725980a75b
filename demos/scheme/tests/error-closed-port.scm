; A port that was closed.
(define port (open-input-string "text"))
(write (read-char port))
(newline)
(close-port port)
(read-char port)
