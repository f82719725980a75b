; What is no byte.
(write #u8(255))
(newline)
(write #u8(1 256))
