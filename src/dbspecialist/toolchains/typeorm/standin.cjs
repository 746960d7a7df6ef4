// What migrations find in place of a TypeORM that is not installed.
//
// The query runner has what most histories use: query, transactions, hasTable, hasColumn, and
// getTable for its columns. All
// else refuses by name, so that a migration is tried as it is or said to be unchecked.
'use strict';

const { ask } = require('../node/channel.cjs');

// Decorators do nothing, classes can be made and passed on; values refuse when they are read.
function typeorm(missing) {
  const decorator = () => () => undefined;
  return new Proxy({}, {
    get: (_target, key) => {
      if (key === '__esModule') return true;
      if (typeof key === 'symbol') return undefined;
      const refuse = missing(`${key} needs the package typeorm, which is not installed`);
      return new Proxy(function () {}, {
        get: (_inner, name) => (name === 'prototype' ? {} : refuse[name]),
        apply: decorator,
        construct: () => refuse,
      });
    },
  });
}

// What JSON does not carry: dates (infinity is a number, as in pg), NaN, and JSON values as such.
function revive(value) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  if ('$json' in value) return value.$json;
  if ('$number' in value) return Number(value.$number);
  const text = value.$date;
  if (text.endsWith('infinity')) return text.startsWith('-') ? -Infinity : Infinity;
  const [day, time = '00:00:00'] = text.split(' ');
  return new Date(`${day}T${time.replace(/([+-]\d\d)$/, '$1:00')}`);
}

function shaped({ rows, count, command }) {
  for (const row of rows) for (const key of Object.keys(row)) row[key] = revive(row[key]);
  return /^(UPDATE|DELETE)\b/.test(command) ? [rows, count] : rows;
}

const HAS_TABLE =
  'SELECT 1 FROM information_schema.tables WHERE table_name = $1 AND table_schema = coalesce($2, current_schema())';
const HAS_COLUMN =
  'SELECT 1 FROM information_schema.columns WHERE table_name = $1 AND table_schema = coalesce($2, current_schema()) AND column_name = $3';

const COLUMNS =
  "SELECT column_name, data_type, is_nullable = 'YES' AS nullable, column_default FROM information_schema.columns WHERE table_name = $1 AND table_schema = coalesce($2, current_schema()) ORDER BY ordinal_position";

function split(table) {
  const name = String(table).replaceAll('"', '').split('.');
  return [name.pop(), name.pop() ?? null];
}

// What the catalogue says of a table's columns; keys and indexes refuse.
async function getTable(query, table, Unchecked) {
  const rows = await query(COLUMNS, split(table));
  if (rows.length === 0) return undefined;
  const columns = rows.map((row) => ({
    name: row.column_name, type: row.data_type, isNullable: row.nullable, default: row.column_default,
  }));
  const findColumnByName = (name) => columns.find((column) => column.name === name);
  return refusing({ name: table, columns, findColumnByName }, 'Table', Unchecked);
}

function queryRunner(mark, Unchecked) {
  const run = (sql, parameters) => {
    const answer = ask({ query: sql, parameters: parameters?.length ? parameters : null });
    if (!answer.error) return answer;
    const driverError = { ...answer.error, severity: 'ERROR' };
    throw Object.assign(new Error(answer.error.message), { driverError, code: driverError.code });
  };
  const query = async (sql, parameters) => {
    mark();
    return shaped(run(sql, parameters));
  };
  const state = { isTransactionActive: false, data: {} };
  const end = (word) => async () => {
    await query(word);
    state.isTransactionActive = false;
  };
  const own = {
    query,
    startTransaction: async () => {
      await query('START TRANSACTION');
      state.isTransactionActive = true;
    },
    commitTransaction: end('COMMIT'),
    rollbackTransaction: end('ROLLBACK'),
    hasTable: async (table) => (await query(HAS_TABLE, split(table))).length > 0,
    hasColumn: async (table, column) =>
      (await query(HAS_COLUMN, [...split(table), column])).length > 0,
    getTable: (table) => getTable(query, table, Unchecked),
    manager: refusing({ query }, 'queryRunner.manager', Unchecked),
    connection: refusing(
      { query, options: { type: 'postgres' }, driver: { options: { type: 'postgres' } } },
      'queryRunner.connection', Unchecked,
    ),
    release: async () => undefined,
  };
  return refusing(Object.defineProperties(state, Object.getOwnPropertyDescriptors(own)), 'queryRunner', Unchecked);
}

function refusing(known, name, Unchecked) {
  return new Proxy(known, {
    get: (target, key) => {
      if (key in target || typeof key === 'symbol' || key === 'then') return target[key];
      throw new Unchecked(`${name}.${key} needs the packages typeorm and pg, which are not installed`);
    },
  });
}

module.exports = { typeorm, queryRunner };
