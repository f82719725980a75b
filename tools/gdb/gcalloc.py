# For gdb: source this file by its path, or let gdb load it with an installed library.  docs/gdb.md says more.
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import gcalloc_gdb
