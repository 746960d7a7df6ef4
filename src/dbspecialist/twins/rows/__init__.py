"""Rows for a twin: few, drawn from the statistics, and obeying every constraint."""

from dbspecialist.twins.rows.filling import Filled, fill

__all__ = ["Filled", "fill"]
