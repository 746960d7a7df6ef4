// Runs TypeORM migrations for its owner (runner.py), as TypeORM's MigrationExecutor does.
//
// The version table is left alone: which migrations run is the owner's choice.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const channel = require('../node/channel.cjs');
const modules = require('../node/modules.cjs');
const standIn = require('./standin.cjs');

const current = { revision: '', file: '', direction: 'up' };
let queryRunner = null;

function mark() {
  if (!current.revision) return;
  const line = channel.calledFrom(current.file);
  channel.ask({ mark: { revision: current.revision, line, direction: current.direction } });
}

// As DataSource.initialize does for entities: what cannot be created is a warning only.
async function createExtensions(names) {
  for (const name of names) {
    await queryRunner.query(`CREATE EXTENSION IF NOT EXISTS "${name}"`).catch((e) => console.error(e));
  }
}

async function open({ folder, connection, extensions }) {
  process.chdir(folder);
  const { load, translator } = modules.install(folder, { typeorm: standIn.typeorm(modules.missing) });
  const typeorm = modules.installed(load, 'typeorm');
  const own = !typeorm?.DataSource?.prototype?.initialize || !modules.installed(load, 'pg');
  channel.closeNetwork(connection.host);
  queryRunner = own ? standIn.queryRunner(mark, modules.Unchecked) : await connect(typeorm, connection);
  await createExtensions(extensions);
  return { translator, own, node: process.versions.node };
}

async function connect(typeorm, { host, port, user, password, database }) {
  const source = new typeorm.DataSource({
    type: 'postgres', host, port, username: user, password, database,
    logging: false, synchronize: false, migrationsRun: false, installExtensions: false,
    entities: [], migrations: [], poolSize: 2,
  });
  await source.initialize();
  const runner = source.createQueryRunner();
  const prototype = Object.getPrototypeOf(runner);
  const query = prototype.query;
  prototype.query = function (...given) {
    mark();
    return query.apply(this, given);
  };
  channel.rememberLines(runner, () => current.file);
  return runner;
}

function instanceOf({ revision, path: file }) {
  const real = fs.realpathSync(file);
  Object.assign(current, { revision, file: real });
  const exported = modules.loadMigration(real);
  const classes = [exported, ...Object.values(exported)].filter((item) => typeof item === 'function');
  for (const item of classes) {
    if (!item.prototype?.up) continue;
    const instance = new item();
    if ((instance.name || item.name) === revision) return instance;
  }
  throw new modules.Unchecked(`${path.basename(file)} exports no class ${revision}`);
}

async function each(migrations, transaction, step) {
  let open = false;
  const start = async () => {
    if (queryRunner.isTransactionActive) return;
    await queryRunner.startTransaction();
    open = true;
  };
  try {
    for (const migration of migrations) {
      channel.ask({ begin: migration.revision });
      const instance = instanceOf(migration);
      if (transaction === 'all' && instance.transaction !== undefined) {
        throw new Error('the transaction mode `all` refuses a migration with its own `transaction`');
      }
      const own = instance.transaction ?? transaction === 'each';
      if (own || transaction === 'all') await start();
      await step(instance);
      if (own && open) {
        await queryRunner.commitTransaction();
        open = false;
      }
    }
    if (open) await queryRunner.commitTransaction();
  } catch (error) {
    if (queryRunner.isTransactionActive) {
      await queryRunner.rollbackTransaction().catch((second) => console.error(second));
    }
    throw error;
  } finally {
    Object.assign(current, { revision: '', file: '' });
  }
}

async function up({ migrations, mode }) {
  current.direction = 'up';
  await each(migrations, mode, (instance) => instance.up(queryRunner));
}

async function down({ migrations, mode }) {
  current.direction = 'down';
  // undoLastMigration knows two modes: a transaction, or none.
  await each(migrations, mode === 'none' ? 'none' : 'each', (instance) => {
    instance.transaction = undefined;
    if (!instance.down) throw new Error('it has no `down`');
    return instance.down(queryRunner);
  });
}

channel.serve({ open, up, down });
