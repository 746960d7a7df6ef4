"""Statements by which toolchains keep their version tables."""

from __future__ import annotations

import re

from dbspecialist.facts.migration import VERSION_TABLES

_BOOKKEEPING = re.compile(
    r"\s*(?:insert\s+into|update|delete\s+from|(?:create|alter|lock|drop)\s+table"
    r"(?:\s+if\s+(?:not\s+)?exists)?|select\b.*?\bfrom)"
    rf'\s+(?:"?\w+"?\s*\.\s*)?"?(?:{"|".join(sorted(VERSION_TABLES))})(?!\w)',
    re.IGNORECASE | re.DOTALL,
)


def keeps_versions(sql: str) -> bool:
    """Tell whether a statement whose locks were not asked for is one on a version table."""
    return _BOOKKEEPING.match(sql) is not None
