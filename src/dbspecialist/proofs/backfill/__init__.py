"""Backfills: what a statement is and what its batches do, tried on a twin."""

from dbspecialist.proofs.backfill.trial import Tried, try_backfill

__all__ = ["Tried", "try_backfill"]
