; A power that would fill the memory.
(write (expt 1 (expt 10 20)))
(newline)
(write (expt 2 (expt 10 20)))
