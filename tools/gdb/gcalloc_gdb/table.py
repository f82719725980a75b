"""What the library says of itself, in its section gcalloc_debugger (src/base/debugger.h)."""
import re
import struct

import gdb

from .memory import Missing

ENTRY = struct.Struct("<40sQQII")
MAGIC = 0x67636462
VERSION = 1
SECTION = re.compile(r"^\s*(0x[0-9a-f]+) - (0x[0-9a-f]+) is (\S+)(?: in (.*))?$")


def sections():
    """(low, high, name, file) of each section that gdb knows; the file is None for those of the program."""
    for line in gdb.execute("info files", to_string=True).splitlines():
        found = SECTION.match(line)
        if found:
            yield int(found[1], 16), int(found[2], 16), found[3], found[4]


class Table:
    """The names in one library, or in one program that is linked with it statically."""

    def __init__(self, memory, low, high, file):
        self.memory = memory
        self.file = file
        self.entries = {}
        data = memory.read(low, high - low)
        for at in range(0, len(data) - ENTRY.size + 1, ENTRY.size):
            name, address, number, size, magic = ENTRY.unpack_from(data, at)
            if magic == MAGIC:
                self.entries[name.rstrip(b"\0").decode("ascii", "replace")] = (address, number, size)
        if not self.entries:
            raise Missing(
                "%s is not what the program ran with: gdb needs the same build of it (`set sysroot`,"
                " `set solib-search-path`)" % (file or "the program's file")
            )
        if self["DEBUGGER_VERSION"] != VERSION:
            raise Missing("this library is of another version than the commands for gdb: use those of its own")

    def _entry(self, name):
        try:
            return self.entries[name]
        except KeyError:
            raise Missing("the library says nothing of %s" % name) from None

    def __getitem__(self, name):
        """A number, or the size that `sizeof ...` names."""
        return self._entry(name)[1]

    def size(self, name):
        """Of a variable or a field."""
        return self._entry(name)[2]

    def address(self, name):
        return self._entry(name)[0]

    def value(self, name):
        address, _, size = self._entry(name)
        return self.memory.number(address, min(size, 8))

    def elements(self, name, size):
        """Where the elements of an array are."""
        address, _, whole = self._entry(name)
        return range(address, address + whole, size)

    def offset(self, field):
        return self._entry(field)[1]

    def field(self, base, name):
        _, offset, size = self._entry(name)
        return self.memory.number(base + offset, min(size, 8))

    def has_heap(self):
        numbers = self.field(self.address("process_heap"), "heap.numbers")
        return numbers not in (0, self.address("no_numbers"))


def find(memory):
    """The table of the library whose heap the program uses."""
    found = []
    problem = None
    for low, high, name, file in sections():
        if name != "gcalloc_debugger":
            continue
        try:
            table = Table(memory, low, high, file)
            if table.has_heap():
                return table
            found.append(table)
        except Missing as e:
            problem = e
    if found:
        raise Missing("the heap has not been made yet: the program has not allocated from it")
    if not gdb.selected_inferior().pid:
        raise Missing("the program does not run, and there is no core file: there is no heap to look at")
    if problem:
        raise problem
    raise Missing(
        "no gcalloc heap in this program: neither it nor a library that it has loaded, and that gdb has found"
        " (`info sharedlibrary`), contains gcalloc"
    )
