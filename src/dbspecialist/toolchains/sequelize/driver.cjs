// Runs Sequelize migrations for its owner (runner.py), as sequelize-cli and umzug do.
//
// The version table is left alone: which migrations run is the owner's choice.
'use strict';

const fs = require('node:fs');
const channel = require('../node/channel.cjs');
const modules = require('../node/modules.cjs');

const current = { revision: '', file: '', direction: 'up' };
const project = { queryInterface: null, library: null };

function mark() {
  if (!current.revision) return;
  const line = channel.calledFrom(current.file);
  channel.ask({ mark: { revision: current.revision, line, direction: current.direction } });
}

async function open({ folder, connection }) {
  process.chdir(folder);
  const { load, translator } = modules.install(folder, {});
  const { Sequelize, library, sequelize } = connected(load, connection);
  channel.closeNetwork(connection.host);
  await sequelize.authenticate();
  observe(Sequelize);
  project.library = library;
  project.queryInterface = sequelize.queryInterface ?? sequelize.getQueryInterface();
  // umzug 3 hands over `{ context }`, sequelize-cli the query interface itself.
  Object.defineProperty(project.queryInterface, 'context', { value: project.queryInterface });
  for (const known of [sequelize, project.queryInterface]) {
    channel.rememberLines(known, () => current.file);
  }
  return { translator, node: process.versions.node };
}

// Sequelize 7 is a package for itself and one for each dialect; 6 and before, one package.
function connected(load, { host, port, user, password, database }) {
  const common = { host, port, logging: false, pool: { max: 5, min: 0, idle: 60000 } };
  const core = modules.installed(load, '@sequelize/core');
  const dialects = core && modules.installed(load, '@sequelize/postgres');
  if (dialects) {
    const { Sequelize } = core;
    const options = { ...common, dialect: dialects.PostgresDialect, database, user, password };
    return { Sequelize, library: core, sequelize: new Sequelize(options) };
  }
  const found = modules.installed(load, 'sequelize');
  if (!found || !modules.installed(load, 'pg')) {
    const wanted = core ? '@sequelize/core and @sequelize/postgres' : 'sequelize and pg';
    throw new modules.Unchecked(`the packages ${wanted} are not installed (npm install)`);
  }
  const Sequelize = found.Sequelize ?? found;
  const sequelize = new Sequelize(database, user, password, { ...common, dialect: 'postgres' });
  return { Sequelize, library: Sequelize, sequelize };
}

function observe(Sequelize) {
  const name = Sequelize.prototype.queryRaw ? 'queryRaw' : 'query';
  const query = Sequelize.prototype[name];
  Sequelize.prototype[name] = function (...given) {
    mark();
    return query.apply(this, given);
  };
}

async function run(migrations, direction) {
  try {
    for (const { revision, path: file } of migrations) {
      channel.ask({ begin: revision });
      const real = fs.realpathSync(file);
      Object.assign(current, { revision, file: real, direction });
      const exported = modules.loadMigration(real);
      const migration = exported.up || exported.down ? exported : exported.default ?? exported;
      if (typeof migration[direction] !== 'function') throw new Error(`it has no \`${direction}\``);
      await migration[direction](project.queryInterface, project.library);
    }
  } finally {
    Object.assign(current, { revision: '', file: '' });
  }
}

channel.serve({
  open,
  up: ({ migrations }) => run(migrations, 'up'),
  down: ({ migrations }) => run(migrations, 'down'),
});
