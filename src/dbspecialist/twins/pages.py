"""Index pages as the planner reads them: a first page with the right figures, and a way down.

The planner opens an index only for its height and its first page's counters, and for extreme
values it may descend a B-tree. The layouts are those of PostgreSQL 18's documentation
("Database Page Layout", "B-Tree Indexes", "GIN Indexes", "BRIN Indexes") and its headers
`bufpage.h`, `nbtree.h`, `ginblock.h` and `brin_page.h`.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

BLOCK = 8192
HEADER = 24
NONE = 0xFFFFFFFF

_BTREE_MAGIC, _BTREE_SPECIAL = 0x053162, 16
_LEAF, _ROOT = 1, 2
_PIVOT = 0x2000  # INDEX_ALT_TID_MASK: the heap pointer holds a downlink
_LAYOUT = BLOCK | 4  # page size and layout version in one field
_GIN_VERSION = 2


def btree_pages(first: bytes, level: int) -> list[bytes]:
    """Make the pages 0 to level + 1 of a B-tree of that height that holds no entry.

    Args:
        first: The metapage of the empty index.
        level: Height of the root above the leaves; 0 makes the root a leaf.
    """
    magic = struct.unpack_from("<I", first, HEADER)[0]
    if magic != _BTREE_MAGIC:
        raise ValueError(f"no B-tree metapage: magic {magic:#x}")
    meta = bytearray(first)
    struct.pack_into("<4I", meta, HEADER + 8, 1, level, 1, level)  # root and fast root
    return [bytes(meta), *(_btree_page(depth, level) for depth in range(level + 1))]


def _btree_page(depth: int, level: int) -> bytes:
    """Make the only page of its level; block depth + 2 is the page below."""
    height = level - depth
    flags = (_ROOT if depth == 0 else 0) | (_LEAF if height == 0 else 0)
    page = bytearray(BLOCK)
    special = BLOCK - _BTREE_SPECIAL
    struct.pack_into("<IIIHH", page, special, 0, 0, height, flags, 0)
    lower, upper = HEADER, special
    if height > 0:
        # One pivot tuple without key columns: everything is greater than minus infinity.
        upper -= 8
        below = depth + 2
        struct.pack_into("<4H", page, upper, below >> 16, below & 0xFFFF, 0, 8 | _PIVOT)
        struct.pack_into("<I", page, lower, upper | 1 << 15 | 8 << 17)
        lower += 4
    struct.pack_into("<4H", page, 12, lower, upper, special, _LAYOUT)
    return bytes(page)


def gin_metapage(first: bytes, figures: Mapping[str, int], pages: int) -> bytes:
    """Put a GIN index's counters into its first page.

    Without figures the planner's own assumption for old indexes is left in force
    (`gincostestimate`: 90 % of the pages hold entries, 100 entries each).
    """
    meta = bytearray(first)
    total = figures.get("total_pages", 0)
    if not total:
        struct.pack_into("<3I", meta, HEADER + 24, 0, 0, 0)
        struct.pack_into("<q", meta, HEADER + 40, 0)
        return bytes(meta)
    struct.pack_into("<I", meta, HEADER + 12, min(figures.get("pending_pages", 0), pages))
    entry, data = figures.get("entry_pages", 0), figures.get("data_pages", 0)
    struct.pack_into("<3I", meta, HEADER + 24, total, entry, data)
    struct.pack_into("<qi", meta, HEADER + 40, figures.get("entries", 0), _GIN_VERSION)
    return bytes(meta)


#: Row pointers that one page of a BRIN range map holds (`REVMAP_PAGE_MAXITEMS`).
BRIN_RANGES_PER_PAGE = 1360


def brin_metapage(first: bytes, heap_pages: int) -> bytes:
    """Tell a BRIN index's first page how long its range map is for a table of that length."""
    meta = bytearray(first)
    per_range = struct.unpack_from("<I", first, HEADER + 8)[0]
    ranges = -(-heap_pages // max(per_range, 1))
    struct.pack_into("<I", meta, HEADER + 12, max(-(-ranges // BRIN_RANGES_PER_PAGE), 1))
    return bytes(meta)
