"""Rules for MySQL and MariaDB."""
