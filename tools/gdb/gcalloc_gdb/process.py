"""The process around the heap: threads with their registers, what is loaded, what is mapped.  All of it is read
from memory and from what the system left in a core file; nothing of it is the library's."""
import re
import struct

import gdb

from .memory import Missing
from .table import sections

PT_LOAD, PT_DYNAMIC, PT_TLS, PT_GNU_RELRO = 1, 2, 7, 0x6474E552
DT_DEBUG = 21
HEADER_BYTES, PROGRAM_HEADER_BYTES = 64, 56
HEADERS_AT, HEADERS_COUNT_AT = 32, 56  # in the ELF header
HEADERS_MOST, DYNAMIC_MOST = 256, 256
FIRST_LINK_AT = 8  # in struct r_debug
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
    return [struct.unpack_from("<IIQQQQQQ", memory.read(at + PROGRAM_HEADER_BYTES * i, PROGRAM_HEADER_BYTES))
            for i in range(min(count, HEADERS_MOST))]


def _auxiliary():
    values = {}
    try:
        text = gdb.execute("info auxv", to_string=True)
    except gdb.error:  # a core file without
        return values
    for line in text.splitlines():
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
    first = min((h for h in headers if h[0] == PT_LOAD), key=lambda h: h[3], default=None)
    if not first:
        raise Missing("the program headers are damaged")
    return Object("", at - HEADER_BYTES - (first[3] - first[2]), headers)


def _debug_of(memory, program):
    """Where the program says that the loader's struct r_debug is; 0 where it does not."""
    at = program.dynamic if program else None
    for _ in range(DYNAMIC_MOST if at else 0):
        tag, value = memory.unpack("<QQ", at)
        if tag == DT_DEBUG:
            return value
        if tag == 0:
            return 0
        at += 16
    return 0


def _map_of_links(memory, program):
    """Where the loader's list of objects begins; 0 in a program without a loader."""
    try:
        debug = _debug_of(memory, program)
    except Missing:
        debug = 0
    if not debug:  # the loader was started by its name, and is what the system takes for the program
        found = re.search(r"\bat (?:address )?(0x[0-9a-f]+)", _execute("info address _r_debug"))
        debug = int(found[1], 16) if found else 0
    return memory.number(debug + FIRST_LINK_AT) if debug else 0


def _loaded(memory, name, bias):
    head = memory.read(bias, HEADER_BYTES)
    if head[:4] != b"\x7fELF":
        raise Missing("no ELF header at 0x%x" % bias)
    at, count = struct.unpack_from("<Q", head, HEADERS_AT)[0], struct.unpack_from("<H", head, HEADERS_COUNT_AT)[0]
    return Object(name, bias, _headers(memory, bias + at, count))


def objects(memory, has_loader):
    """What is loaded, the program first; and sentences for what could not be found or read."""
    found, lacking = [], []
    try:
        found.append(_program(memory))
    except Missing as e:
        lacking.append("static data of the program: %s" % e)
    try:
        link = _map_of_links(memory, found[0] if found else None)
        if has_loader and not link:
            lacking.append("static data of what the loader has loaded: its list is not to be found")
        for _ in range(LINKS_MOST):
            if not link:
                break
            bias, name_at, _, link = memory.unpack("<QQQQ", link)
            if any(o.bias == bias for o in found):
                continue
            name = memory.string(name_at) if name_at else ""
            try:
                found.append(_loaded(memory, name, bias))
            except Missing:
                if not name.startswith("linux-vdso"):
                    lacking.append("static data of %s" % (name or "the program: its headers are not to be found"))
    except Missing as e:
        lacking.append("static data of what else the loader has loaded: %s" % e)
    return found, lacking


# ---- Mappings ----------------------------------------------------------------------------


LOAD = re.compile(r"(0x[0-9a-f]+)->(0x[0-9a-f]+) at 0x[0-9a-f]+: load\d+\w* (.*)$")
MAPPING = re.compile(r"^\s*(0x[0-9a-f]+)\s+(0x[0-9a-f]+)\s+0x[0-9a-f]+\s+0x[0-9a-f]+(?:\s+([-r][-w][-x][-ps]))?(?:\s|$)")


def _execute(command):
    """What a command of gdb's says; nothing if it serves with another kind of target."""
    try:
        return gdb.execute(command, to_string=True)
    except gdb.error:
        return ""


def _core_mappings():
    told = {}
    for line in _execute("maintenance info sections").splitlines():
        found = LOAD.search(line)
        if found:
            told[int(found[1], 16), int(found[2], 16)] = "READONLY" not in found[3].split()
    loads = [(low, high) for low, high, name, _ in sections() if re.match(r"^load\d+", name)]
    return sorted((low, high, told.get((low, high), True)) for low, high in loads)


def mappings():
    """(low, high, writable) of each mapping; of a core file, of what it has; none where the target does not say.
    Before gdb 12 the rights are not told: all count as writable."""
    loads = _core_mappings()
    if loads:
        return loads
    found = (MAPPING.match(line) for line in _execute("info proc mappings").splitlines())
    return [(int(m[1], 16), int(m[2], 16), "w" in (m[3] or "w")) for m in found if m]


def mapping_end(maps, address):
    """Where the memory around the address ends, or the address; neighbours that are written to belong together, as a stack
    of which a page was locked is several mappings."""
    end = address
    for low, high, writable in maps:
        if low <= address < high or (end > address and low == end and writable):
            end = high
    return end


def mapping_start(maps, address):
    """Where the memory around the address begins, or the address."""
    for low, high, _ in maps:
        if low <= address < high:
            return low
    return address


# ---- Threads -----------------------------------------------------------------------------


class Thread:
    """A thread as gdb has it: its number in the system, and the words of its registers."""

    def __init__(self, thread):
        self.number, self.tid = thread.num, thread.ptid[1] or thread.ptid[0]
        self.registers = []
        thread.switch()
        frame = gdb.newest_frame()
        self.is_aarch64 = frame.architecture().name().startswith("aarch64")
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
    """All threads, and sentences for those that cannot be looked at; the one that is selected, with its frame, stays so."""
    selected = gdb.selected_thread()
    try:
        frame = gdb.selected_frame()
    except gdb.error:
        frame = None
    found, lacking = [], []
    for thread in gdb.selected_inferior().threads():
        try:
            found.append(Thread(thread))
        except gdb.error:  # it runs
            lacking.append("the stack and registers of thread %d" % thread.num)
    if selected:
        selected.switch()
    if frame and frame.is_valid():
        frame.select()
    return found, lacking
