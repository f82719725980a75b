"""The commands `gcalloc heap`, `gcalloc object`, `gcalloc why`, `gcalloc roots`."""
import functools
import re

import gdb

from . import path
from .heap import CALLS, KINDS, Heap, Slot, amount, size_text
from .memory import DAMAGE, Missing
from .roots import Roots, own_threads, records

FIRST_STEPS, LAST_STEPS = 16, 4  # of a long way


def say(text=""):
    gdb.write(text + "\n")


# ---- What both commands say ----------------------------------------------------------------


def function_at(address):
    """The function that a return address is in, and the place there, as far as gdb knows."""
    pc = address - 1
    name = None
    try:
        block = gdb.block_for_pc(pc)
        while block and not block.function:
            block = block.superblock
        name = block.function.print_name if block else None
    except RuntimeError:
        pass
    if not name:
        found = re.match(r"^(.+?)(?: \+ \d+)? in section ", symbol_at(pc) or "")
        name = found[1] if found else "0x%x" % address
    line = gdb.find_pc_line(pc)
    where = "%s:%d" % (line.symtab.filename.split("/")[-1], line.line) if line.symtab and line.line else ""
    if not where:
        where = (gdb.solib_name(pc) or "").split("/")[-1]
    return name, where


def symbol_at(address):
    """As `info symbol` has it, or None."""
    text = gdb.execute("info symbol 0x%x" % address, to_string=True).strip()
    return None if text.startswith("No symbol matches") else text.split("\n")[0]


def say_frames(heap, stack):
    name = None
    frames, brief = heap.frames(stack)
    for i, frame in enumerate(frames):
        name, where = function_at(frame)
        say(("    #%-2d %-28s %s" % (i, name, where)).rstrip())
    if brief and name != "main":
        say("    ... called from where was not recorded; option stacks=all does")


def offset_text(address, base):
    return "%s into " % amount(address - base, "byte") if address != base else ""


def outside(heap, address):
    """A sentence for an address that is in no slot."""
    where = "0x%x " % address
    if not heap.has(address):
        tables = heap.number("tables_bytes")
        if heap.numbers <= address < heap.numbers + tables:
            return where + "is in the library's tables of the heap, not in the heap"
        symbol = symbol_at(address)
        more = ": %s" % symbol if symbol else ""
        return where + "is not in the heap, which is from 0x%x to 0x%x%s" % (heap.base, heap.limit, more)
    unit = address - heap.base >> heap.unit_shift
    block = heap.block_of(unit)
    if block is None:
        return where + "is in the heap, in memory that no block has: no object is there"
    end = block.address + block.size * block.count
    if address >= end:
        return where + "is behind the last slot of the block at 0x%x: no object is there" % block.address
    return where + "is in no slot of the block at 0x%x" % block.address


# ---- gcalloc object ------------------------------------------------------------------------


def tell_slot(heap, slot, address):
    into = offset_text(address, slot.address)
    what = "a large object" if slot.block.large else "an object"
    if not slot.lives:
        untouched = slot.index >= slot.block.touched and not slot.block.large
        state = "free, never used" if untouched and slot.state == heap.table["STATE_FREE"] else slot.state_text()
        say("0x%x is %sa slot of %d bytes at 0x%x where no object is" % (address, into, slot.size, slot.address))
        say("  state     %s" % state)
    elif address - slot.address >= slot.size:
        say("0x%x is behind a large object of %d bytes at 0x%x" % (address, slot.size, slot.address))
        return
    else:
        at = " at 0x%x" % slot.address if into else ""
        say("0x%x is %s%s of %s%s" % (address, into, what, amount(slot.bytes(), "byte"), at))
        say("  state     %s" % slot.state_text())
        say("  usable    %s" % amount(slot.usable(), "byte"))
    block = slot.block
    if block.large:
        say("  memory    %d bytes in %s" % (slot.size, amount(block.units(), "unit")))
    else:
        say("  slot      number %d of %d, of %d bytes, in the block at 0x%x"
            % (slot.index, block.count, slot.size, block.address))
    if block.typed:
        name = ' "%s"' % block.typed.name if block.typed.name else ""
        say("  layout    %d%s" % (block.typed.number, name))
    else:
        say("  kind      %s (%s)" % (KINDS[block.kind], CALLS[block.kind]))
    if slot.site_stack:
        say("  allocated by" if slot.lives else "  what was there was allocated by")
        say_frames(heap, slot.site_stack)
    if not slot.lives and slot.freed_by():
        say("  and freed by")
        say_frames(heap, slot.freed_by())


# ---- gcalloc heap --------------------------------------------------------------------------


class Count:
    def __init__(self):
        self.blocks = self.objects = self.bytes = self.free = self.held = 0

    def add(self, block, states):
        self.blocks += 1
        objects = sum(n for state, n in states.items() if state >= block.heap.table["STATE_NEW"])
        self.objects += objects
        self.bytes += objects * block.size
        self.free += states.get(block.heap.table["STATE_FREE"], 0)
        self.held += states.get(block.heap.table["STATE_RESERVED"], 0)


def count_all(heap):
    """Counts by kind, by (size, kind), and of objects by state."""
    kinds, classes, states = {}, {}, {}
    for block in heap.blocks():
        here = {state: block.states.count(state) for state in set(block.states)}
        kind = "with layouts" if block.typed else KINDS[block.kind]
        size = "large" if block.large else "%d" % block.size
        kinds.setdefault(kind, Count()).add(block, here)
        classes.setdefault((block.size_class, size, kind), Count()).add(block, here)
        for state, n in here.items():
            states[state] = states.get(state, 0) + n
    return kinds, classes, states


def say_counts(title, rows):
    say("  %-22s %9s %12s %14s %10s %10s" % (title, "blocks", "objects", "bytes", "free", "held"))
    for name, c in rows:
        say("  %-22s %9d %12d %14d %10d %10d" % (name, c.blocks, c.objects, c.bytes, c.free, c.held))


def thread_text(heap, record):
    t = heap.table
    if record.life == t["LIFE_STARTING"]:
        return "starting"
    if record.life == t["LIFE_FINISHED"]:
        return "ended, not joined"
    if record.blocking:
        return "keeps away from the heap (gc_blocking_begin)"
    if record.safety != t["SAFETY_NONE"]:
        return "parked for a collection, or waiting for one"
    return "runs, with a cache" if record.cache else "runs, has not allocated yet"


def numbers_of_threads():
    return {thread.ptid[1] or thread.ptid[0]: thread.num for thread in gdb.selected_inferior().threads()}


def say_thread(known, tid, text):
    say("  thread %-8d %-12s %s" % (tid, "(%d of gdb)" % known[tid] if tid in known else "", text))


def tell_heap(heap, verbose):
    kinds, classes, states = count_all(heap)
    t, number = heap.table, heap.number
    objects = sum(c.objects for c in kinds.values())
    total = sum(c.bytes for c in kinds.values())
    new, reached = states.get(t["STATE_NEW"], 0), states.get(heap.mark, 0)
    held = number("used_bytes") + number("dirty_bytes") + number("unit_run_bytes") - number("hole_bytes")
    collector = t.address("process_collector")
    say("heap from 0x%x to 0x%x%s" % (heap.base, heap.limit, ", of " + t.file if t.file else ""))
    say("  holds       %s, of which %s are free units" % (size_text(held), size_text(number("dirty_bytes"))))
    say("  objects     %d, in slots of %d bytes" % (objects, total))
    say("              %d new since the last collection, %d reached by it, %d neither"
        % (new, reached, objects - new - reached))
    say("  freed       %d bytes by the program, %d bytes in %d objects by collections"
        % (number("counters.freed_bytes"), number("counters.reclaimed_bytes"), number("counters.reclaimed_objects")))
    say("  collections %d%s; %s allocated since, the next is due at %s"
        % (t.field(collector, "collector.collections"),
           " (switched off)" if t.field(collector, "collector.disabled") else "",
           size_text(number("charged")), size_text(number("budget"))))
    say()
    say_counts("kind", sorted(kinds.items()))
    if verbose:
        say()
        say_counts("slot, kind", [("%s %s" % key[1:], c) for key, c in sorted(classes.items())])
    say()
    known = numbers_of_threads()
    for record in records(heap):
        if not record.own:
            say_thread(known, record.tid, thread_text(heap, record))
    for tid in sorted(own_threads(heap)):
        say_thread(known, tid, "the library's own")


# ---- gcalloc why ---------------------------------------------------------------------------


def root_text(step):
    if step.root is None:
        return "nothing"
    if isinstance(step.at, str):
        name = " " + step.at if step.root.what.startswith("a register") else ""
        return step.root.what.replace("a register", "register" + name)
    if step.root.what is None:
        symbol = symbol_at(step.at)
        return "static data: %s" % symbol if symbol else "static data at 0x%x" % step.at
    return "%s, at 0x%x" % (step.root.what, step.at)


def say_step(heap, step, before):
    slot = path.slot_of(step)
    if step.at is None:
        say("  a leaked object of %s at 0x%x" % (amount(slot.bytes(), "byte"), slot.address))
    else:
        front = "  +%d" % (step.at - before.address()) if before else "  "
        into = "byte %d of " % (step.pointer - slot.address) if step.pointer != slot.address else ""
        text = "%d at 0x%x" % (slot.bytes(), slot.address) if into else "%s at 0x%x" % (
            amount(slot.bytes(), "byte"), slot.address)
        say("%s -> %s%s" % (front, into, text))
    say_frames(heap, slot.site_stack)


def tell_way(heap, way, from_leak):
    if not from_leak:
        say("  " + root_text(way[0]))
    for i, step in enumerate(way):
        if len(way) > FIRST_STEPS + LAST_STEPS and FIRST_STEPS <= i < len(way) - LAST_STEPS:
            if i == FIRST_STEPS:
                say("  ... %d more" % (len(way) - FIRST_STEPS - LAST_STEPS))
            continue
        say_step(heap, step, way[i - 1] if i else None)


def tell_why(heap, address):
    slot = heap.slot_at(address)
    if slot is None:
        return say(outside(heap, address))
    if heap.object_at(address) is None:
        return tell_slot(heap, slot, address)
    way, from_leak, roots = path.find(heap, slot)
    into = offset_text(address, slot.address)
    what = "0x%x is %san object of %s" % (address, into, amount(slot.bytes(), "byte"))
    what += " at 0x%x" % slot.address if into else ""
    if way is None:
        manual = slot.block.kind & heap.table["KIND_MANUAL"]
        say(what + ", and nothing leads to it: " + ("it has leaked" if manual else "it is garbage"))
    else:
        say(what + (", and only what has leaked leads to it:" if from_leak else ", and in use:"))
        tell_way(heap, way, from_leak)
    if way is None or from_leak:
        for lacking in roots.lacking:
            say("  (not looked at: %s)" % lacking)


def tell_roots(heap):
    roots = Roots(heap)
    for root in roots.list:
        if root.words:
            for name, word in root.words:
                if heap.object_at(word):
                    say("  0x%x  %s" % (word, root.what.replace("a register", "register " + name)))
        else:
            symbol = symbol_at(root.low) if root.what is None else None
            what = root.what or "static data" + (", from %s on" % symbol if symbol else "")
            say("  0x%x-0x%x  %s" % (root.low, root.high, what))
    for lacking in roots.lacking:
        say("  (not looked at: %s)" % lacking)


# ---- The commands --------------------------------------------------------------------------


REFERENCES = (gdb.TYPE_CODE_REF, getattr(gdb, "TYPE_CODE_RVALUE_REF", gdb.TYPE_CODE_REF))


def address_of(argument):
    if not argument.strip():
        raise gdb.GdbError("gcalloc: an address is missing: any expression of gdb's will do")
    value = gdb.parse_and_eval(argument)
    try:
        if value.type.strip_typedefs().code in REFERENCES:
            value = value.referenced_value()
        if value.type.strip_typedefs().code in (gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_FUNC):
            value = value.address
        return int(value) & (1 << 64) - 1
    except (gdb.error, TypeError):
        raise gdb.GdbError("gcalloc: %s is no address" % argument) from None


def with_heap(invoke):
    """A command on the heap as it is now; what cannot be told is said in a sentence."""

    @functools.wraps(invoke)
    def run(self, argument, from_tty):
        if not hasattr(gdb.Architecture, "registers"):
            raise gdb.GdbError("gcalloc: these commands need gdb 10 or a later one; this is %s" % gdb.VERSION)
        try:
            invoke(self, Heap(), argument)
        except Missing as e:
            raise gdb.GdbError("gcalloc: %s" % e) from None
        except KeyboardInterrupt:
            raise gdb.GdbError("gcalloc: interrupted") from None
        except gdb.error as e:
            raise gdb.GdbError("gcalloc: %s" % e) from None
        except DAMAGE as e:
            raise gdb.GdbError("gcalloc: the heap is damaged: its tables cannot be followed (%s)" % e) from None

    return run


class Prefix(gdb.Command):
    """The heap of gcalloc: what is in it, and why.

Nothing of the program is called: these commands serve with a core file, too."""

    def __init__(self):
        super().__init__("gcalloc", gdb.COMMAND_DATA, prefix=True)


class HeapCommand(gdb.Command):
    """Count what is in the heap, by kind, and list its threads: gcalloc heap [-v]

With -v by size of slot, too.  `free` are slots for new objects, `held` are those that caches of threads,
slabs and the quarantine hold back."""

    def __init__(self):
        super().__init__("gcalloc heap", gdb.COMMAND_DATA)

    @with_heap
    def invoke(self, heap, argument):
        if argument.strip() not in ("", "-v"):
            raise gdb.GdbError("gcalloc: usage: gcalloc heap [-v]")
        tell_heap(heap, argument.strip() == "-v")


class ObjectCommand(gdb.Command):
    """Say what an address points to: gcalloc object ADDRESS

The object around it, its size, state, kind or layout, and who allocated it, if that was recorded (option
stacks, or gcalloc leaks)."""

    def __init__(self):
        super().__init__("gcalloc object", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    @with_heap
    def invoke(self, heap, argument):
        address = address_of(argument)
        slot = heap.slot_at(address)
        if slot is None:
            say(outside(heap, address))
        else:
            tell_slot(heap, slot, address)


class WhyCommand(gdb.Command):
    """Say what keeps an object alive: gcalloc why ADDRESS

The shortest way to it from a register, a stack, static or thread-local data, or what gc_root_add named."""

    def __init__(self):
        super().__init__("gcalloc why", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    @with_heap
    def invoke(self, heap, argument):
        tell_why(heap, address_of(argument))


class RootsCommand(gdb.Command):
    """List the memory that is searched for pointers, and registers that point to objects: gcalloc roots"""

    def __init__(self):
        super().__init__("gcalloc roots", gdb.COMMAND_DATA)

    @with_heap
    def invoke(self, heap, argument):
        tell_roots(heap)


def register():
    for command in (Prefix, HeapCommand, ObjectCommand, WhyCommand, RootsCommand):
        command()
