"""Throwaway servers of MariaDB and MySQL."""
