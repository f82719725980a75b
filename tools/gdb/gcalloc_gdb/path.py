"""Why an object is alive: the shortest way from a root to it, as src/report/path.c finds it."""
import os
import time
from array import array

import gdb

from .heap import Slot
from .roots import Roots

CACHE_MOST = 1 << 31  # bytes of objects that are kept


class Step:
    """An object that was reached: by the word at `at`, which is `pointer`; from which step."""

    __slots__ = ("block", "index", "at", "pointer", "origin", "root")

    def __init__(self, block, index, at, pointer, origin, root):
        self.block, self.index, self.at, self.pointer, self.origin, self.root = block, index, at, pointer, origin, root

    def address(self):
        return self.block.address + self.index * self.block.size


class Progress:
    """A line on a terminal that says how far it is."""

    def __init__(self):
        self.shows = os.isatty(1)
        self.next = time.monotonic() + 0.5
        self.said = False

    def tell(self, text):
        if self.shows and time.monotonic() >= self.next:
            self.next = time.monotonic() + 0.5
            self.said = True
            gdb.write("\r%-70s" % text)
            gdb.flush()

    def end(self):
        if self.said:
            gdb.write("\r%-70s\r" % "")
            gdb.flush()


class Search:
    def __init__(self, heap, wanted):
        self.heap, self.wanted = heap, wanted
        self.steps, self.found = [], None
        self.bytes, self.cached = 0, []
        self.progress = Progress()
        self.new = heap.table["STATE_NEW"]

    # ---- Reaching

    def reach(self, word, at, origin, root):
        heap = self.heap
        block = heap.block_of(word - heap.base >> heap.unit_shift)
        if block is None:
            return
        offset = word - block.address
        index = offset * block.reciprocal >> heap.geometry_shift
        if index >= block.count or block.seen[index] or block.states[index] < self.new:
            return
        if block.large and offset >= block.size:
            return
        block.seen[index] = 1
        step = Step(block, index, at, word, origin, root)
        self.steps.append(step)
        if block is self.wanted.block and index == self.wanted.index:
            self.found = step

    def reach_end(self, word, at, root):
        """An object without pointers that ends where a word of a stack points."""
        heap = self.heap
        slot = heap.object_at(word - 1)
        if slot and not slot.block.has_pointers and slot.address + slot.size == word and slot.size < heap.pad_from:
            self.reach(word - 1, at, None, root)

    def look_at(self, words, base, origin, root):
        low, high = self.heap.base, self.heap.limit
        for i, word in enumerate(words):
            if low < word <= high:
                if word < high:
                    self.reach(word, base + 8 * i, origin, root)
                if root and root.is_stack:
                    self.reach_end(word, base + 8 * i, root)
                if self.found:
                    return

    def look_at_roots(self, roots):
        for root in roots.list:
            for name, word in root.words:
                if self.heap.has(word) and not self.found:
                    self.reach(word, name, None, root)
            for at, words in self.heap.memory.words(root.low, root.high):
                if not self.found:
                    self.look_at(words, at, None, root)

    # ---- Following

    def words_of(self, block):
        """The words of a block of slots, read once."""
        words = getattr(block, "words", None)
        if words is None:
            size = block.size * block.count
            if self.bytes + size > CACHE_MOST:
                for other in self.cached:
                    other.words = None
                self.bytes, self.cached = 0, []
            words = block.words = memory_words(self.heap.memory, block.address, size)
            self.bytes += size
            self.cached.append(block)
        return words

    def follow_step(self, place):
        step = self.steps[place]
        block = step.block
        if not block.has_pointers:
            return
        address, size = step.address(), block.size
        if block.large:
            for at, words in self.heap.memory.words(address, address + size):
                if not self.found:
                    self.look_at(self.named(block, words, (at - address) // 8), at, place, None)
            return
        first = step.index * size // 8
        words = self.words_of(block)[first : first + size // 8]
        self.look_at(self.named(block, words, 0), address, place, None)

    def named(self, block, words, first):
        """The words, without those that the layout says are no pointers."""
        if block.typed is None or block.typed.words is None:
            return words
        size = block.size
        return [w if block.typed.names(first + i, size) else 0 for i, w in enumerate(words)]

    def follow(self, place):
        while place < len(self.steps) and not self.found:
            self.follow_step(place)
            place += 1
            if place % 4096 == 0:
                self.progress.tell("gcalloc: %d objects were looked at" % place)

    def look_at_leaks(self):
        """From each manual object that nothing leads to in turn."""
        manual = self.heap.table["KIND_MANUAL"]
        for block in self.heap.blocks():
            if not block.kind & manual:
                continue
            for index in range(block.count):
                if self.found:
                    return
                if block.seen[index] or block.states[index] < self.new:
                    continue
                if block is self.wanted.block and index == self.wanted.index:
                    continue
                first = len(self.steps)
                block.seen[index] = 1
                self.steps.append(Step(block, index, None, None, None, None))
                self.follow(first)


def memory_words(memory, address, size):
    """The words of a range; those that cannot be read are 0."""
    words = array("Q", bytes(size))
    for at, part in memory.words(address, address + size):
        first = (at - address) // 8
        words[first : first + len(part)] = part
    return words


def find(heap, wanted):
    """(steps from the root to the object, or None; whether it begins at a leak; the roots)"""
    roots = Roots(heap)
    search = Search(heap, wanted)
    from_leak = False
    try:
        search.look_at_roots(roots)
        search.follow(0)
        if not search.found:
            from_leak = True
            search.look_at_leaks()
    finally:
        search.progress.end()
    if not search.found:
        return None, False, roots
    way, step = [], search.found
    while step is not None:
        way.append(step)
        step = search.steps[step.origin] if step.origin is not None else None
    return way[::-1], from_leak, roots


def slot_of(step):
    return Slot(step.block, step.index)
