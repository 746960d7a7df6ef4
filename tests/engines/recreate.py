"""Recreate a catalogue in a second database and ask the engine what is different."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import psycopg

from dbspecialist.facts.catalogue import Catalogue


def recreate(catalogue: Catalogue, connection: psycopg.Connection[Any]) -> None:
    connection.execute("SET check_function_bodies = off")
    connection.execute("SET search_path = ''")
    for item in catalogue.objects:
        if item.create:
            connection.execute(item.create.encode())


def dump(program: str, connection: psycopg.Connection[Any]) -> str:
    info = connection.info
    place = ["-h", info.host, "-p", str(info.port), "-U", info.user, info.dbname]
    command = [program, "--schema-only", *place]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return re.sub(r"(?m)^\\(un)?restrict .*\n", "", text)
