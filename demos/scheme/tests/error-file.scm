; A file that is not there.
(write (file-exists? "/nonexistent/file"))
(newline)
(open-input-file "/nonexistent/file")
