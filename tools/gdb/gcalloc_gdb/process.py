"""The process around the heap: threads with their registers, what is loaded, what is mapped.  All of it is read
from memory and from what the system left in a core file; nothing of it is the library's."""
import re
import struct

import gdb

from .memory import Missing
from .table import sections

PT_LOAD, PT_DYNAMIC, PT_TLS, PT_GNU_RELRO = 1, 2, 7, 0x6474E552
DT_DEBUG = 21
AT_PHDR, AT_PHNUM = 3, 5
PAGE = 1 << 12
LINKS_MOST = 10000  # a list of objects that is longer is damaged


class Object:
    """An object that the loader has mapped: its segments, as its program headers have them."""

    def __init__(self, name, bias, headers):
        self.name, self.bias = name, bias
        self.writable, self.dynamic, self.tls = [], None, 0
        relro = None
        for kind, flags, _, address, _, _, size, _ in headers:
            if kind == PT_LOAD and flags & 2:
                self.writable.append((bias + address, bias + address + size))
            elif kind == PT_DYNAMIC:
                self.dynamic = bias + address
            elif kind == PT_TLS:
                self.tls = size
            elif kind == PT_GNU_RELRO:
                relro = (bias + address, (bias + address + size) // PAGE * PAGE)
        if relro:
            self.writable = [part for segment in self.writable for part in without(segment, relro)]


def without(r, hole):
    """The parts of range r that are not in the hole."""
    return [p for p in ((r[0], min(r[1], hole[0])), (max(r[0], hole[1]), r[1])) if p[0] < p[1]]


def _headers(memory, at, count):
    return [struct.unpack_from("<IIQQQQQQ", memory.read(at + 56 * i, 56)) for i in range(min(count, 256))]


def _auxiliary():
    values = {}
    for line in gdb.execute("info auxv", to_string=True).splitlines():
        found = re.match(r"^(\d+)\s.*\s(0x[0-9a-f]+|\d+)$", line)
        if found:
            values[int(found[1])] = int(found[2], 0)
    return values


def _program(memory):
    auxiliary = _auxiliary()
    if AT_PHDR not in auxiliary:
        raise Missing("the program headers are not to be found")
    at = auxiliary[AT_PHDR]
    headers = _headers(memory, at, auxiliary.get(AT_PHNUM, 0))
    first = min((h for h in headers if h[0] == PT_LOAD), key=lambda h: h[3])
    return Object("", at - 64 - (first[3] - first[2]), headers)


def _map_of_links(memory, program):
    """Where the loader's list of objects begins; 0 in a program without a loader."""
    at = program.dynamic
    for _ in range(256):
        if not at:
            return 0
        tag, value = memory.unpack("<QQ", at)
        if tag == DT_DEBUG:
            return memory.number(value + 8) if value else 0
        if tag == 0:
            return 0
        at += 16
    return 0


def _loaded(memory, name, bias):
    head = memory.read(bias, 64)
    if head[:4] != b"\x7fELF":
        raise Missing("no ELF header at 0x%x" % bias)
    at, count = struct.unpack_from("<Q", head, 32)[0], struct.unpack_from("<H", head, 56)[0]
    return Object(name, bias, _headers(memory, bias + at, count))


def objects(memory):
    """What is loaded, the program first; and the names of what could not be read."""
    program = _program(memory)
    found, lacking = [program], []
    link = _map_of_links(memory, program)
    for i in range(LINKS_MOST):
        if not link:
            break
        bias, name_at, _, link = memory.unpack("<QQQQ", link)
        if i == 0:
            continue
        name = memory.string(name_at) if name_at else ""
        try:
            found.append(_loaded(memory, name, bias))
        except Missing:
            if bias and not name.startswith("linux-vdso"):
                lacking.append(name)
    return found, lacking


# ---- Mappings ----------------------------------------------------------------------------


def mappings():
    """(low, high, writable) of each mapping; of a core file, of what it has."""
    loads = [(low, high, True) for low, high, name, _ in sections() if re.match(r"^load\d+", name)]
    if loads:
        return sorted(loads)
    lines = []
    try:
        with open("/proc/%d/maps" % gdb.selected_inferior().pid) as f:
            lines = f.read().splitlines()
        return [
            (int(low, 16), int(high, 16), "w" in rights)
            for low, high, rights in (re.match(r"^([0-9a-f]+)-([0-9a-f]+) (\S+)", line).groups() for line in lines)
        ]
    except OSError:
        return []


def mapping_end(maps, address):
    """Where the memory around the address ends, or the address."""
    for low, high, _ in maps:
        if low <= address < high:
            return high
    return address


# ---- Threads -----------------------------------------------------------------------------


class Thread:
    """A thread as gdb has it: its number in the system, and the words of its registers."""

    def __init__(self, thread):
        self.number, self.tid = thread.num, thread.ptid[1] or thread.ptid[0]
        self.registers = []
        thread.switch()
        frame = gdb.newest_frame()
        self.sp = int(frame.read_register("sp")) & (1 << 64) - 1
        self.pointer = 0
        for group in ("general", "vector"):
            for register in frame.architecture().registers(group):
                self._add(frame, register.name)

    def _add(self, frame, name):
        try:
            value = frame.read_register(name)
            if value.type.sizeof == 8:
                self._note(name, int(value))
            elif re.match(r"^(xmm|v|q)\d+$", name) and value.type.sizeof == 16:
                for word in struct.unpack("<QQ", _bytes(value)):
                    self._note(name, word)
        except (gdb.error, ValueError, OverflowError, struct.error):
            pass

    def _note(self, name, word):
        word &= (1 << 64) - 1
        if name in ("fs_base", "tpidr", "tpidr_el0"):
            self.pointer = word
        elif name not in ("rsp", "sp", "rip", "pc"):
            self.registers.append((name, word))


def _bytes(value):
    """The bytes of a vector register."""
    for field in value.type.fields():
        if field.name in ("uint128", "u", "v2_int64"):
            inner = value[field.name]
            if inner.type.sizeof == 16 and inner.type.code == gdb.TYPE_CODE_INT:
                return (int(inner) & (1 << 128) - 1).to_bytes(16, "little")
            return b"".join((int(inner[i]) & (1 << 64) - 1).to_bytes(8, "little") for i in (0, 1))
    raise ValueError("a vector of other parts")


def threads():
    """All threads; the one that is selected, with its frame, stays so."""
    selected = gdb.selected_thread()
    try:
        frame = gdb.selected_frame()
    except gdb.error:
        frame = None
    found = []
    for thread in gdb.selected_inferior().threads():
        try:
            found.append(Thread(thread))
        except gdb.error:
            continue  # it runs
    if selected:
        selected.switch()
    if frame and frame.is_valid():
        frame.select()
    return found
