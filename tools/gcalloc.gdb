# For programs that use gcalloc:
#
#     gdb -x /usr/share/gcalloc/gcalloc.gdb PROGRAM
#
# or `source` it in ~/.gdbinit.  A collection stops the other threads by a signal, 52 unless
# option `signal` names another one; gdb is to pass it on without stopping.

handle SIG52 nostop noprint pass
