#!/usr/bin/env python3
"""Writes jisx0213.rs: which Unicode characters JIS X 0213:2004 has.

    python3 ca-core/src/name/text/jisx0213.py > ca-core/src/name/text/jisx0213.rs

The source is Python's own codec shift_jis_2004 (CPython, Modules/cjkcodecs), every two-octet code of it decoded. Not
euc_jis_2004: that one also encodes JIS X 0212. Of the 11,233 characters 25 are pairs of code points (か with a small
circle); no name has them, and they are left out.
"""

found = set()
for lead in [*range(0x81, 0xA0), *range(0xE0, 0xFD)]:
    for trail in range(0x40, 0xFD):
        try:
            text = bytes([lead, trail]).decode("shift_jis_2004")
        except UnicodeDecodeError:
            continue
        if len(text) == 1:
            found.add(ord(text))
assert len(found) == 11_233 - 25, len(found)

rows = {}
for code in found:
    bits = rows.setdefault(code >> 8, [0, 0])
    bits[(code >> 7) & 1] |= 1 << (code & 0x7F)

print("//! The characters of JIS X 0213:2004. Made by jisx0213.py from Python's codec shift_jis_2004; not written by hand.")
print()
print("/// By row of 256 code points, ascending: bit n of the first word is code point n of the row, of the second n + 128.")
print(f"pub(super) const ROWS: [(u32, [u128; 2]); {len(rows)}] = [")
for row, (low, high) in sorted(rows.items()):
    print(f"    (0x{row:03x}, [0x{low:032x}, 0x{high:032x}]),")
print("];")
