"""What the real TypeORM and Sequelize make of models: their own DDL, run on a database."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from model_trials import _numbers
from node_projects import installed

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.twins.cluster import Cluster

TYPEORM = {
    "typeorm": "1.1.1",
    "reflect-metadata": "0.2.2",
    "pg": "8.16.3",
    "typescript": "5.9.3",
}
SEQUELIZE = {"sequelize": "6.37.8", "pg": "8.16.3", "typescript": "5.9.3"}

COMPILE = """
const fs = require('fs'), path = require('path'), ts = require('typescript')
for (const name of fs.readdirSync('.').filter((n) => n.endsWith('.ts'))) {
  const options = { module: 'commonjs', target: 'es2022', useDefineForClassFields: false,
    experimentalDecorators: true, emitDecoratorMetadata: true, esModuleInterop: true }
  const out = ts.transpileModule(fs.readFileSync(name, 'utf8'), { compilerOptions: options,
    reportDiagnostics: true })
  if (out.diagnostics.length) throw new Error(JSON.stringify(out.diagnostics[0].messageText))
  fs.writeFileSync(name.replace(/\\.ts$/, '.js'), out.outputText)
}
const connection = JSON.parse(process.argv[2])
"""
TYPEORM_SYNC = """
require('reflect-metadata')
const { DataSource } = require('typeorm')
const entities = fs.readdirSync('.').filter((n) => n.endsWith('.entity.js'))
  .map((n) => path.resolve(n))
const source = new DataSource({ type: 'postgres', ...connection, entities, synchronize: true })
source.initialize().then(() => source.destroy())
"""
SEQUELIZE_SYNC = """
const { Sequelize, DataTypes } = require('sequelize')
const sequelize = new Sequelize({ dialect: 'postgres', ...connection, logging: false })
for (const name of fs.readdirSync('.').filter((n) => n.endsWith('.model.js')).sort()) {
  const found = require(path.resolve(name))
  ;(found.default || found)(sequelize, DataTypes)
}
sequelize.sync().then(() => sequelize.close())
"""


@contextmanager
def synchronised(
    cluster: Cluster, folder: Path, packages: dict[str, str], script: str, sql: str = ""
) -> Iterator[Catalogue]:
    """Let an ORM create its models' tables, run SQL after it, and give the catalogue."""
    name = f"node_models_{next(_numbers)}"
    modules = installed(**packages)
    work = folder.parent / name
    shutil.copytree(folder, work)
    (work / "node_modules").symlink_to(modules)
    (work / "sync.cjs").write_text(COMPILE + script)
    with cluster.connect() as admin:
        admin.execute(f"CREATE DATABASE {name}")
    parts = psycopg.conninfo.conninfo_to_dict(cluster.url(name))
    user = {"username": "postgres", "user": "postgres"}
    where = {"host": parts["host"], "port": int(str(parts["port"])), "database": name, **user}
    run = subprocess.run(
        ["node", "sync.cjs", json.dumps(where)],
        cwd=work,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-1500:]
    with cluster.connect(name) as connection:
        connection.execute(sql.encode() or b"SELECT", prepare=False)
        yield read_catalogue(connection)
    with cluster.connect() as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
