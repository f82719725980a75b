"""Reading memory of the program in large pieces, each once while it stands still."""
import struct
from array import array

import gdb

PIECE = 1 << 16
PAGE = 1 << 12
READ_MOST = 1 << 30  # no table is larger; gdb itself ends when it has no memory for what is read

# What is raised where tables of a damaged heap are followed.
DAMAGE = (ArithmeticError, LookupError, TypeError, ValueError, MemoryError, struct.error)


class Missing(Exception):
    """What is asked for cannot be told; the text says why."""


class Memory:
    def __init__(self):
        self.inferior = gdb.selected_inferior()
        self.pieces = {}

    def _fetch(self, address, size):
        if size > READ_MOST:
            raise OverflowError("so much cannot be read at once")
        return bytes(self.inferior.read_memory(address, size))

    def _piece(self, number):
        piece = self.pieces.get(number)
        if piece is None:
            if len(self.pieces) > 4096:
                self.pieces.clear()
            piece = self.lenient(number * PIECE, PIECE)
            self.pieces[number] = piece
        return piece

    def lenient(self, address, size):
        """What can be read there, as a list of (offset, bytes) with gaps between: whole pages, but for the ends."""
        try:
            return [(0, self._fetch(address, size))]
        except (gdb.error, OverflowError, ValueError):
            if address // PAGE == (address + size - 1) // PAGE:
                return []
        middle = max((address + size // 2) // PAGE * PAGE, (address // PAGE + 1) * PAGE) - address
        below, above = self.lenient(address, middle), self.lenient(address + middle, size - middle)
        above = [(middle + offset, data) for offset, data in above]
        if below and above and below[-1][0] + len(below[-1][1]) == above[0][0]:
            offset, data = below.pop()
            above[0] = (offset, data + above[0][1])
        return below + above

    def read(self, address, size):
        """The bytes there; raises Missing if one of them cannot be read."""
        number, offset = divmod(address, PIECE)
        if offset + size > PIECE:
            try:
                return self._fetch(address, size)
            except (gdb.error, OverflowError, ValueError):
                raise Missing("memory at 0x%x cannot be read" % address) from None
        for at, data in self._piece(number):
            if at <= offset and offset + size <= at + len(data):
                return data[offset - at : offset - at + size]
        raise Missing("memory at 0x%x cannot be read" % address)

    def number(self, address, size=8):
        return int.from_bytes(self.read(address, size), "little")

    def string(self, address, most=256):
        text = b""
        while len(text) < most:
            byte = self.read(address + len(text), 1)
            if byte == b"\0":
                break
            text += byte
        return text.decode("utf-8", "replace")

    def words(self, low, high):
        """Yields (address, array of words) for what can be read of [low, high)."""
        low = low + 7 & ~7
        while low + 8 <= high:
            size = min(high - low & ~7, (1 << 20) - low % PAGE)
            for at, data in self.lenient(low, size):
                words = array("Q")
                words.frombytes(data[: len(data) & ~7])
                yield low + at, words
            low += size

    def unpack(self, form, address):
        return struct.unpack(form, self.read(address, struct.calcsize(form)))
