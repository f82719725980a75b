; Characters from a port of bytes.
(read-char (open-input-bytevector #u8(1 2 3)))
