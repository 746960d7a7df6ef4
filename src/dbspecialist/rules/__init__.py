"""Rules by family; each module is one rule, see base.py."""
