"""Where pointers may be: what the collector takes for roots, found again from outside."""
import gdb

from . import process
from .memory import Missing

RED_ZONE = 128
CONTROL_BYTES = 2304  # of a thread's control block in glibc, in which its first thread-specific values are
STACK_MOST = 64 << 20
LIST_MOST = 1 << 20  # of what is followed from one to the next
STATIC_ROOM = 16 << 10  # for thread-local variables of libraries that come later (src/roots/tls.c)
MODULES_MOST = 4096  # with thread-local data; a vector that is longer is damaged


class Root:
    """A range of words, or the words themselves; `tell(address)` says what is there."""

    def __init__(self, what, low=0, high=0, words=(), is_stack=False):
        self.what, self.low, self.high, self.words, self.is_stack = what, low, high, words, is_stack


class Record:
    """The library's record of a thread."""

    def __init__(self, table, at):
        self.at = at
        for name in ("life", "own", "tid", "safety", "stack_low", "stack_high", "pointer", "cache", "blocking", "interruptions"):
            setattr(self, name, table.field(at, "mutator." + name))
        self.system_low = table.field(at, "mutator.system.low")
        self.left = table.field(at, "mutator.system.left")


def records(heap):
    """The library's records of threads."""
    t = heap.table
    at, found = t.value("registry.first"), []
    while at and len(found) < 100000:
        found.append(Record(t, at))
        at = t.field(at, "mutator.next")
    return found


def own_threads(heap):
    """The numbers in the system of the library's own threads."""
    t = heap.table
    return {t.field(at, "own.tid") for at in t.elements("own.threads", t["sizeof own"])} - {0}


def _nodes(heap, table_name, node, links):
    """The addresses of the nodes that are in the tree of a node table."""
    t = heap.table
    at = t.address(table_name)
    nodes, size, links = t.field(at, "node_table.nodes"), t["sizeof " + node], t.offset(links)
    waiting = [t.field(at, "node_table.tree.root")]
    while waiting:
        number = waiting.pop()
        if number:
            place = nodes + number * size
            yield place
            waiting += [t.field(place + links, "treap_links.left"), t.field(place + links, "treap_links.right")]


def _range(heap, at, field):
    t = heap.table
    at += t.offset(field)
    return t.field(at, "range.low"), t.field(at, "range.high")


class Roots:
    """All roots of the heap's, and what is not known of them."""

    def __init__(self, heap):
        self.heap, self.table, self.memory = heap, heap.table, heap.memory
        self.list, self.lacking = [], []
        self.maps = process.mappings()
        self.records = {r.tid: r for r in records(heap) if r.life == self.table["LIFE_LIVING"]}
        self._static()
        self._registered()
        self._system()
        nodes = list(_nodes(heap, "stacks.table", "stack", "stack.links"))
        self.stacks = [_range(heap, at, "stack.range") + (at,) for at in nodes]
        if not self.maps:
            self.lacking.append("stacks whose ends only the mappings tell, which are not known of this target")
        own = own_threads(heap)  # what they hold are no roots
        threads, lacking = process.threads()
        threads = [thread for thread in threads if thread.tid not in own]
        self.lacking += lacking
        self._suspended(threads)
        for thread in threads:
            self._thread(thread, self.records.get(thread.tid))
        for r in records(heap):
            self._record(r)
        if self.table.value("options.collect"):
            self._everything()
        # As the collector has it, data comes before stacks, some of which have thread-local data at their ends.
        self.list.sort(key=lambda root: root.is_stack or root.what and root.what.startswith("a register") or False)

    def _add(self, what, low, high, is_stack=False):
        if low < high:
            self.list.append(Root(what, low, high, is_stack=is_stack))

    def _static(self):
        own = self._variables()
        self.objects, lacking = process.objects(self.memory, self.table.file is not None)
        self.lacking += lacking
        for o in self.objects:
            for segment in o.writable:
                for low, high in process.without(segment, own):
                    self._add(None, low, high)

    def _variables(self):
        """The library's own."""
        return self.table.address("private.start"), self.table.address("private.end")

    def _suspended(self, threads):
        """Registered stacks on which no thread is, from where they were left, if that is known.  Of those that lie
        in objects, the objects are searched."""
        t = self.table
        for low, high, at in self.stacks:
            if self.heap.has(low) or any(low <= thread.sp < high for thread in threads):
                continue
            sp = 0 if t.field(at, "stack.runner") else t.field(at, "stack.departure.sp")
            if low < sp < high:
                registers = at + t.offset("stack.departure.registers"), t.size("stack.departure.registers")
                self._add("a registered stack", max(low, sp - t["SWITCH_ZONE"]), high, True)
                self._add("registers of a registered stack", registers[0], registers[0] + registers[1])
            else:
                self._add("a registered stack", low, high, True)

    def _registered(self):
        heap = self.heap
        for at in _nodes(heap, "registered.ranges", "root", "root.links"):
            self._add("memory of gc_root_add", *_range(heap, at, "root.range"))
        if self.table.value("registered.first"):
            self.lacking.append("what root callbacks name, as none is called")

    def _system(self):
        """What the C library and the kernel have for the program."""
        t = self.table
        timers = range(t.value("timers.table"), 1 << 64, t["sizeof timed"])[: t.value("timers.count")]
        polled = range(t.value("polled.table"), 1 << 64, t["sizeof polled"])[: t.value("polled.places")]
        for what, places, field in ("what a timer passes on", timers, "timed.value"), (
            "a descriptor that epoll watches", polled, "polled.word"
        ):
            words = [(what, t.field(at, field)) for at in places]
            self.list.append(Root(what, words=words))
        try:
            self._streams()
            self._environment()
        except Missing as problem:
            self.lacking.append("streams of stdio or the environment: %s" % problem)

    def _streams(self):
        t = self.table
        first = t.address("streams.first")
        stream = self.memory.number(first) if first else 0
        for _ in range(LIST_MOST):
            if not stream:
                break
            end = stream + t["sizeof _IO_FILE"]
            self._add("a stream of stdio", stream, end + 8 * t["WORDS_BEHIND"])
            cookie = self.memory.number(end + t["COOKIE_BEHIND"])
            if cookie % 8 == 0:
                self._add("a stream of stdio", cookie, cookie + 8)
            stream = t.field(stream, "_IO_FILE._chain")

    def _environment(self):
        low = self.memory.number(self.table.address("environ"))
        count = 0
        while low and count < LIST_MOST and self.memory.number(low + 8 * count):
            count += 1
        self._add("a variable of the environment", low, low + 8 * count)

    def _thread(self, thread, record):
        name = "thread %d (number %d of gdb)" % (thread.tid, thread.number)
        self.list.append(Root("a register of " + name, words=thread.registers))
        sp = thread.sp
        if record and record.stack_low <= sp < record.stack_high:
            self._add("the stack of " + name, sp - RED_ZONE, record.stack_high, True)
        elif record:
            if not record.system_low:
                self._around(name, sp)
            left = record.left if record.system_low and record.left else self._low(record)
            self._add("the stack of " + name, left, record.stack_high, True)
        else:
            self._around(name, sp)
        if record and record.interruptions:
            self._interrupted(name, record.interruptions)
        self._local(name, record.pointer if record else thread.pointer, thread.is_aarch64)
        if thread.tid == gdb.selected_inferior().pid and thread.pointer:
            self._main_variables(name, thread.pointer, thread.is_aarch64)

    def _main_variables(self, name, pointer, is_aarch64):
        """The room that the C library has for thread-local variables of libraries that come later; other threads have it
        on their stacks."""
        what = "thread-local data of " + name
        room = STATIC_ROOM + sum(o.tls + 64 for o in self.objects)
        if is_aarch64:
            self._add(what, pointer, min(pointer + room, process.mapping_end(self.maps, pointer)))
        else:
            self._add(what, max(pointer - room, process.mapping_start(self.maps, pointer - 1)), pointer)

    def _interrupted(self, name, at):
        """Stacks that handlers on alternate ones have interrupted."""
        t = self.table
        pairs = at + t.offset("interruptions.of")
        for i in range(min(t.field(at, "interruptions.count"), t["INTERRUPTIONS_MOST"])):
            self._around(name, self.memory.number(pairs + 16 * i + 8))

    def _around(self, name, sp):
        end = min(process.mapping_end(self.maps, sp), sp + STACK_MOST)
        for low, high, _ in self.stacks:
            if low <= sp < high:
                end = high
        self._add("the stack of " + name, sp - RED_ZONE, end, True)

    def _low(self, record):
        """Where what is mapped of a thread's stack begins."""
        for low, high, _ in self.maps:
            if low < record.stack_high <= high:
                return max(low, record.stack_low)
        return record.stack_high

    def _local(self, name, pointer, is_aarch64):
        """Thread-local variables, by glibc's vector of modules, and thread-specific values."""
        what = "thread-local data of " + name
        most = max([o.tls for o in self.objects] or [0])
        if not pointer:
            self.lacking.append(what)
            return
        control = pointer - CONTROL_BYTES if is_aarch64 else pointer
        self._add(what, control, control + CONTROL_BYTES)
        try:
            vector = self.memory.number(pointer if is_aarch64 else pointer + 8)
            for i in range(min(self.memory.number(vector - 16), MODULES_MOST)):
                at = self.memory.number(vector + 16 * (i + 1))
                if at and at != (1 << 64) - 1:
                    self._add(what, at, at + most)
            self._specific(what, pointer)
        except Missing:
            self.lacking.append(what)

    def _specific(self, what, pointer):
        blocks = self.table.value("specific.blocks_at")
        for i in range(self.table["SPECIFIC_BLOCKS"] if blocks else 0):
            block = self.memory.number(pointer + blocks + 8 * i)
            if block:
                self._add(what, block, block + self.table["SPECIFIC_BLOCK_BYTES"])

    def _record(self, record):
        t = self.table
        words = [(field, t.field(record.at, "mutator." + field)) for field in ("argument", "result", "armed", "disarmed.ss_sp")]
        self.list.append(Root("the argument, the result or the alternate signal stack of a thread", words=words))

    def _accounted(self):
        """What the library has mapped for itself, by its account."""
        t, found = self.table, []
        slots, page = t.value("account.slots"), t["OS_PAGE"]
        for i in range(t.value("account.slot_count")):
            at = slots + i * t["sizeof stretch"]
            low, size = t.field(at, "stretch.low_and_account"), t.field(at, "stretch.bytes")
            if low:
                found.append((low // page * page, low // page * page + (size + page - 1) // page * page))
        return found

    def _everything(self):
        """With option collect, all other memory that is mapped."""
        heap = self.heap
        holes = [(heap.base, heap.limit), (heap.numbers, heap.numbers + heap.number("tables_bytes"))]
        holes += [(r.stack_low, r.stack_high) for r in self.records.values()]
        holes += [self._variables()] + self._accounted()
        holes += [(r.low, r.high) for r in self.list]
        holes.sort()
        for low, high, writable in self.maps:
            parts = [(low, high)] if writable else []
            for hole in holes:
                parts = [part for r in parts for part in process.without(r, hole)]
            for part in parts:
                self._add("memory that is searched for pointers", *part)
