; A name that no character has.
(write (list #\space #\spaces))
