"""The heap, from its tables: blocks, slots, states, sites; as src/heap/lookup.h finds them."""
import struct
from array import array

from .memory import Memory, Missing
from . import table

KINDS = ("scanned", "atomic", "manual", "manual atomic")
CALLS = ("gc_alloc", "gc_alloc_atomic", "gc_alloc_manual", "gc_alloc_manual_atomic")


def amount(count, what):
    return "%d %s%s" % (count, what, "" if count == 1 else "s")


def size_text(n):
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if n < 1024:
            return "%d bytes" % n if unit == "bytes" else "%.1f %s" % (n, unit)
        n /= 1024
    return "%.1f TiB" % n


class Block:
    """A block: slots of one size and kind, or one large object."""

    def __init__(self, heap, head):
        t = heap.table
        word = heap.words[head]
        self.heap = heap
        self.head = head
        self.address = heap.base + (head << heap.unit_shift)
        self.size_class, self.kind = heap.word_class(word), heap.word_kind(word)
        self.reciprocal, self.size, self.count = heap.geometries[self.size_class]
        if not self.count:
            raise Missing("the heap is damaged: the block at 0x%x is of no size" % self.address)
        self.record = heap.units_at + head * t["sizeof unit"]
        self.large = self.size_class == t["CLASS_LARGE"]
        if self.large:
            self.size = t.field(self.record, "unit.block.bytes")
            if self.address + self.size > heap.limit:
                raise Missing("the heap is damaged: the large object at 0x%x ends behind it" % self.address)
        self.flags = t.field(self.record, "unit.block.flags")
        self.touched = t.field(self.record, "unit.block.touched")
        self.states_at = word >> t["UNIT_STATES_SHIFT"]
        self.states = heap.memory.read(heap.states_at + self.states_at, self.count)
        self.typed = None
        if word & t["UNIT_TYPED"]:
            self.typed = heap.layout(heap.memory.number(heap.types_at + 2 * head, 2))
        self.has_pointers = not self.kind & t["KIND_ATOMIC"] or self.typed is not None
        self.seen = bytearray(self.count)

    def units(self):
        """How many units there are from the head on."""
        end = self.head + 1
        words, heap = self.heap.words, self.heap
        while end < len(words) and heap.word_used(words[end]) and heap.word_distance(words[end]):
            end += 1
        return end - self.head


class Layout:
    """Where the pointers of an object are; words is None where any word may be one."""

    def __init__(self, heap, number):
        t, memory = heap.table, heap.memory
        at = memory.number(heap.record + t.offset("heap.layouts") + number // t["LAYOUTS_TOGETHER"] * 8)
        at += number % t["LAYOUTS_TOGETHER"] * t["sizeof layout"]
        what = t.field(heap.typed_at + number * t["sizeof typed_bin"], "typed_bin.what")
        self.number = what >> t["UNIT_BIN_BITS"]
        first = memory.number(heap.record + t.offset("heap.layouts") + self.number // t["LAYOUTS_TOGETHER"] * 8)
        first += self.number % t["LAYOUTS_TOGETHER"] * t["sizeof layout"]
        name = t.field(first, "layout.name")
        self.name = memory.string(name) if name else None
        self.shape = t.field(at, "layout.shape")
        self.size, self.header = t.field(at, "layout.size"), t.field(at, "layout.header")
        self.sized = t.field(at, "layout.sized")
        self.words = None
        if self.shape in (t["LAYOUT_BITS"], t["LAYOUT_WORDS"]):
            count = t.field(at, "layout.count")
            self.words = set(memory.unpack("<%dI" % count, t.field(at, "layout.words"))) if count else set()

    def names(self, word, object_size):
        """Whether a word of an object may be a pointer."""
        if self.words is None:
            return True
        at = word * 8 - self.header
        if at < 0 or not self.words:
            return False
        if self.sized:
            if (at // self.size + 1) * self.size > object_size - self.header:
                return False
            at %= self.size
        return at // 8 in self.words


class Slot:
    """A slot of a block, whatever its state."""

    def __init__(self, block, index):
        heap = block.heap
        self.heap, self.block, self.index = heap, block, index
        self.address = block.address + index * block.size
        self.size = block.size
        self.state = block.states[index]
        self.lives = self.state >= heap.table["STATE_NEW"]
        self.site_stack, self.note = heap.site(block.states_at + index)

    def usable(self):
        """As gc_usable_size has it (src/mutator/object.c)."""
        h = self.heap
        whole = self.block.large or self.size < h.pad_from or self.block.flags & h.table["BLOCK_FILLED"]
        return self.size if whole else self.size - 1

    def requested(self):
        """The bytes that were asked for, or None where that is not recorded."""
        if not self.heap.sites_at or self.note & self.heap.table["SITE_FREED"]:
            return None
        return self.size - (self.note & self.heap.table["SITE_SLACK"])

    def bytes(self):
        requested = self.requested()
        return self.usable() if requested is None else requested

    def freed_by(self):
        t = self.heap.table
        return self.note & t["SITE_STACK"] if self.note & t["SITE_FREED"] else 0

    def state_text(self):
        t = self.heap.table
        if self.state == t["STATE_NEW"]:
            return "living, new since the last collection"
        if self.lives and self.state == self.heap.mark:
            return "living, reached by the last collection"
        if self.lives:
            return "not reached by the last collection; not reclaimed yet"
        if self.state == t["STATE_RESERVED"]:
            return "free, held back by a thread's cache, a slab or the quarantine"
        return "free"


class Heap:
    def __init__(self, memory=None):
        self.memory = memory or Memory()
        t = self.table = table.find(self.memory)
        self.record = t.address("process_heap")
        self.base, self.bytes = (t.field(self.record, "heap." + name) for name in ("base", "bytes"))
        self.numbers = t.field(self.record, "heap.numbers")
        self.states_at, self.units_at, self.sites_at, self.typed_at, self.types_at, self.pad_from = (
            t.field(self.record, "heap." + name) for name in ("states", "units", "sites", "typed", "types", "pad_from")
        )
        self.unit_shift = t["UNIT_SHIFT"]
        self.limit = self.base + self.bytes
        self.mark = self.number("mark")
        self.words = array("Q")
        count = self.bytes >> self.unit_shift
        if count > self.number("unit_limit"):
            raise Missing("the heap is damaged: its record at 0x%x has a size that it cannot have" % self.record)
        self.words.frombytes(self.memory.read(t.field(self.record, "heap.words"), 8 * count))
        size = t["sizeof geometry"]
        places = [t.offset("geometry." + field) for field in ("reciprocal", "size", "count")]
        data = self.memory.read(t.address("geometries"), size << t["CLASS_BITS"])
        self.geometries = [
            (
                struct.unpack_from("<Q", data, at + places[0])[0],
                struct.unpack_from("<I", data, at + places[1])[0],
                struct.unpack_from("<I", data, at + places[2])[0],
            )
            for at in range(0, len(data), size)
        ]
        self.class_mask = (1 << t["CLASS_BITS"]) - 1
        self.class_none = t["CLASS_NONE"]
        self.geometry_shift = t["GEOMETRY_SHIFT"]
        self._shifts = (t["UNIT_BIN_SHIFT"], t["CLASS_BITS"], t["UNIT_DISTANCE_SHIFT"], t["UNIT_DISTANCE_MAX"])
        self._used = t["UNIT_USED"]
        self._blocks = [0] * count  # by unit; 0: not looked at yet, None: none
        self._layouts = {}

    def number(self, field):
        return self.table.field(self.numbers, "heap_numbers." + field)

    # ---- Words of units

    def word_used(self, word):
        return word & self._used

    def word_class(self, word):
        return word >> self._shifts[0] & self.class_mask

    def word_kind(self, word):
        return word >> self._shifts[0] + self._shifts[1] & 3

    def word_distance(self, word):
        return word >> self._shifts[2] & self._shifts[3]

    # ---- Blocks and slots

    def block_of(self, unit):
        """The block that the unit is of, or None."""
        block = self._blocks[unit]
        if block != 0:
            return block
        word = self.words[unit]
        if not self.word_used(word) or self.word_class(word) == self.class_none:
            self._blocks[unit] = None
            return None
        head = unit
        while self.word_distance(self.words[head]):
            head -= self.word_distance(self.words[head])
            if head < 0:
                raise Missing("the heap is damaged: a unit at 0x%x is of no block" % (self.base + (unit << self.unit_shift)))
        block = self._blocks[head] or Block(self, head)
        self._blocks[head] = self._blocks[unit] = block
        return block

    def blocks(self):
        for unit in range(1, len(self.words)):
            word = self.words[unit]
            if self.word_used(word) and self.word_class(word) != self.class_none and not self.word_distance(word):
                yield self.block_of(unit)

    def has(self, address):
        return self.base <= address < self.limit

    def slot_at(self, address):
        """The slot around an address, or None."""
        if not self.has(address):
            return None
        block = self.block_of(address - self.base >> self.unit_shift)
        if block is None:
            return None
        index = (address - block.address) * block.reciprocal >> self.geometry_shift
        return Slot(block, index) if index < block.count else None

    def object_at(self, address):
        """The living object around an address, or None."""
        slot = self.slot_at(address)
        return slot if slot and slot.lives and address - slot.address < slot.size else None

    # ---- What is known of an object

    def layout(self, number):
        if number not in self._layouts:
            self._layouts[number] = Layout(self, number)
        return self._layouts[number]

    def site(self, place):
        """The stack that allocated what is in a slot, and the note; see struct site."""
        t = self.table
        if not self.sites_at:
            return 0, 0
        at = self.sites_at + place * t["sizeof site"]
        try:
            return t.field(at, "site.stack"), t.field(at, "site.note")
        except Missing:
            return 0, 0

    def frames(self, stack):
        """The return addresses of a stack of the depot, and whether only these calls of it were recorded."""
        t = self.table
        if not stack:
            return (), False
        at, brief = t.value("depot.store") + 8 * stack, t["depot.brief"]
        word = self.memory.number(at)
        count = word & brief - 1
        if count > t["CAPTURE_DEPTH_MAX"]:
            raise Missing("the library's record of call stacks is damaged at 0x%x" % at)
        return self.memory.unpack("<%dQ" % count, at + 8 * t["depot.header"]), bool(word & brief)
