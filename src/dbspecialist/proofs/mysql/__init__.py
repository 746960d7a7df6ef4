"""Proofs for MySQL and MariaDB."""
