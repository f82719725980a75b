% ISO 13211-1, 7.8: control constructs.
test(true, true, true).
test(fail, fail, false).
