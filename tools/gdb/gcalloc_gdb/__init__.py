"""gcalloc in gdb: the commands `gcalloc ...`, functions and printers.

Memory is read, and nothing else: no function of the program is called, so that a core file serves as well as
a process, in whatever state it was stopped.  What lies where the library itself says (table.py).
"""
import gdb

from . import commands, printers

# A collection stops threads by this signal, unless option signal names another one.
gdb.execute("handle SIG52 nostop noprint pass", to_string=True)
commands.register()
printers.register()
