; What is read at run time ends too early.
(read (open-input-string "(a
  (b c) d"))
