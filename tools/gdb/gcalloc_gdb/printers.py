"""Functions $gc_base, $gc_size, $gc_is_managed; pointers that are printed with what they point to; printers for
the references of <gcalloc/gcalloc.hpp>."""
import gdb
import gdb.printing

from .heap import KINDS, Heap, amount
from .memory import DAMAGE, Missing

_heap = None


def _forget(_=None):
    global _heap
    _heap = None


def heap():
    """The heap as it is until the program goes on; None if there is none."""
    global _heap
    if _heap is None:
        try:
            _heap = Heap()
        except (Missing, gdb.error) + DAMAGE:
            _heap = False
    return _heap or None


def _address(value):
    return int(value) & (1 << 64) - 1


def _void_pointer():
    """The type, which gdb finds by this name in C only."""
    language = gdb.parameter("language")
    gdb.execute("set language c", to_string=True)
    try:
        return gdb.lookup_type("void").pointer()
    finally:
        gdb.execute("set language " + language, to_string=True)


def _object(value):
    h = heap()
    try:
        return h.object_at(_address(value)) if h else None
    except (Missing, gdb.error) + DAMAGE:
        return None


class Base(gdb.Function):
    """$gc_base(POINTER): where the object around it begins; 0 if there is none."""

    def __init__(self):
        super().__init__("gc_base")

    def invoke(self, pointer):
        slot = _object(pointer)
        return gdb.Value(slot.address if slot else 0).cast(_void_pointer())


class Size(gdb.Function):
    """$gc_size(POINTER): the bytes of the object around it that may be used; 0 if there is none."""

    def __init__(self):
        super().__init__("gc_size")

    def invoke(self, pointer):
        slot = _object(pointer)
        return slot.usable() if slot else 0


class IsManaged(gdb.Function):
    """$gc_is_managed(POINTER): whether it points into a living object of the heap."""

    def __init__(self):
        super().__init__("gc_is_managed")

    def invoke(self, pointer):
        return int(_object(pointer) is not None)


class Pointers(gdb.Parameter):
    """Whether a pointer into the heap is printed with what it points to."""

    set_doc = "Set whether a pointer into the heap is printed with what it points to."
    show_doc = "Show whether a pointer into the heap is printed with what it points to."

    def __init__(self):
        super().__init__("print gcalloc", gdb.COMMAND_DATA, gdb.PARAM_BOOLEAN)
        self.value = False

    def get_set_string(self):
        return ""

    def get_show_string(self, value):
        return "Printing of what pointers into the heap point to is %s." % value


def describe(slot, address):
    kind = "layout %s" % (slot.block.typed.name or slot.block.typed.number) if slot.block.typed else KINDS[slot.block.kind]
    into = "byte %d of " % (address - slot.address) if address != slot.address else ""
    return "%s%s, %s" % (into, amount(slot.bytes(), "byte"), kind)


class Pointer:
    def __init__(self, value, slot):
        self.value, self.slot = value, slot

    def to_string(self):
        return "%s <%s>" % (self.value.format_string(raw=True), describe(self.slot, _address(self.value)))


def look_up_pointer(value):
    if not pointers.value or value.type.strip_typedefs().code != gdb.TYPE_CODE_PTR:
        return None
    slot = _object(value)
    return Pointer(value, slot) if slot else None


class Reference:
    """A gcalloc::root or gcalloc::weak: what it refers to."""

    def __init__(self, value):
        self.value = value

    def _pointer(self):
        for field in self.value.type.strip_typedefs().fields():
            if field.type.strip_typedefs().code == gdb.TYPE_CODE_PTR:
                return self.value[field.name]
        return None

    def to_string(self):
        pointer = self._pointer()
        name = self.value.type.strip_typedefs().unqualified()
        if pointer is None or not int(pointer):
            return "%s, empty" % name
        slot = _object(pointer)
        return "%s at %s%s" % (name, pointer.format_string(raw=True), " <%s>" % describe(slot, _address(pointer)) if slot else "")


def register():
    global pointers
    for function in (Base, Size, IsManaged):
        function()
    pointers = Pointers()
    for event in ("stop", "cont", "exited", "memory_changed", "new_objfile", "clear_objfiles"):
        getattr(gdb.events, event).connect(_forget)
    printer = gdb.printing.RegexpCollectionPrettyPrinter("gcalloc")
    printer.add_printer("root", "^gcalloc::root<.*>$", Reference)
    gdb.printing.register_pretty_printer(None, printer, replace=True)
    gdb.pretty_printers.append(look_up_pointer)
