(DEFINE (Counter-Used)
  (LET ((C (MAKE-COUNTER))) (NEXT! C) (next! c)))
