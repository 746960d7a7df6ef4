// Loading what a project wrote: TypeScript and ES modules as well as CommonJS.
//
// A project's own compiler is used where it is installed (typescript, esbuild, @swc/core); else
// the owner translates. Type errors are no concern here, so nothing is type-checked.
'use strict';

const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { ask } = require('./channel.cjs');

const EXTENSIONS = ['.ts', '.mts', '.cts'];
const ESM = /^\s*(import\s*[\w{*"']|export\s+[\w{*])/m;

class Unchecked extends Error {
  constructor(message) {
    super(message);
    this.unchecked = true;
  }
}

function attempt(load) {
  try {
    return load();
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}

// A package where Node finds it, or null.
function installed(require, name) {
  return attempt(() => require.resolve(name)) && require(name);
}

function withTypescript(ts) {
  const options = {
    module: ts.ModuleKind.CommonJS,
    target: ts.ScriptTarget.ES2022,
    useDefineForClassFields: false,
    esModuleInterop: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    allowJs: true,
    inlineSourceMap: true,
  };
  return (source, file) =>
    ts.transpileModule(source, { compilerOptions: options, fileName: file }).outputText;
}

function withEsbuild(esbuild) {
  const tsconfigRaw = { compilerOptions: { experimentalDecorators: true } };
  const options = { format: 'cjs', target: 'node18', sourcemap: 'inline', loader: 'ts', tsconfigRaw };
  return (source, file) => esbuild.transformSync(source, { ...options, sourcefile: file }).code;
}

function withSwc(swc) {
  const parser = { syntax: 'typescript', decorators: true };
  const jsc = { parser, target: 'es2022', transform: { legacyDecorator: true } };
  const options = { jsc, module: { type: 'commonjs' }, sourceMaps: 'inline', swcrc: false };
  return (source, file) => swc.transformSync(source, { ...options, filename: file }).code;
}

function withOwner(source, file) {
  const { code, error } = ask({ translate: { source, file } });
  if (error) {
    const broken = error.endsWith('cannot be parsed') ? 'it cannot be read: ' : '';
    throw new Unchecked(`${broken}${path.basename(file)}: ${error}`);
  }
  return code;
}

// TypeScript 7 is a program of its own: its package has no function that translates.
function chooseTranslator(require) {
  const makers = {
    typescript: [withTypescript, 'transpileModule'],
    esbuild: [withEsbuild, 'transformSync'],
    '@swc/core': [withSwc, 'transformSync'],
  };
  for (const [name, [make, needed]] of Object.entries(makers)) {
    const found = installed(require, name);
    if (found && found[needed]) return { name, translate: make(found) };
  }
  return { name: 'tree-sitter', translate: withOwner };
}

// A value that is not there: it may be passed about, and says so when it is used.
function missing(reason) {
  const refuse = () => {
    throw new Unchecked(reason);
  };
  const handler = {
    get: (_target, key) => {
      if (key === '__esModule') return true;
      if (key === Symbol.toPrimitive || key === 'toString' || key === 'valueOf') return refuse;
      if (key === 'then' || typeof key === 'symbol') return undefined;
      return key === 'prototype' ? {} : missing(`${reason}, and ${key} of it is needed`);
    },
    apply: refuse,
    construct: refuse,
  };
  return new Proxy(function () {}, handler);
}

// Resolve as the bundlers and compilers of the field do: `./x.js` may be `./x.ts`, and the paths
// of tsconfig.json count from its baseUrl.
function candidates(request, folder, aliases) {
  const bare = request.replace(/\.(m|c)?js$/, '');
  if (/^\.{1,2}(\/|$)/.test(request)) return EXTENSIONS.map((extension) => bare + extension);
  const found = [];
  for (const [pattern, targets] of Object.entries(aliases.paths)) {
    const [head, tail] = pattern.split('*');
    if (!request.startsWith(head) || (tail === undefined && request !== pattern)) continue;
    const rest = request.slice(head.length);
    for (const target of targets) found.push(path.resolve(aliases.base, target.replace('*', rest)));
  }
  if (aliases.baseUrl) found.push(path.resolve(aliases.base, request));
  else if (/^[\w-]+\//.test(request)) found.push(path.resolve(folder, request)); // `src/entities/…`
  return found;
}

function readAliases(folder) {
  const file = path.join(folder, 'tsconfig.json');
  if (!fs.existsSync(file)) return { base: folder, paths: {} };
  const text = fs.readFileSync(file, 'utf8');
  const base = /"baseUrl"\s*:\s*"([^"]*)"/.exec(text);
  const paths = {};
  const block = /"paths"\s*:\s*\{([^}]*)\}/.exec(text);
  for (const entry of (block ? block[1] : '').matchAll(/"([^"]+)"\s*:\s*\[([^\]]*)\]/g)) {
    paths[entry[1]] = [...entry[2].matchAll(/"([^"]+)"/g)].map((match) => match[1]);
  }
  return { base: path.resolve(folder, base ? base[1] : '.'), baseUrl: Boolean(base), paths };
}

const LOCKS = {
  'package-lock.json': 'npm ci',
  'npm-shrinkwrap.json': 'npm ci',
  'pnpm-lock.yaml': 'pnpm install --frozen-lockfile',
  'yarn.lock': 'yarn install --frozen-lockfile',
};

// The command that installs what a folder's project needs, by the lock file there or above.
function installing(folder) {
  for (let here = folder; ; here = path.dirname(here)) {
    const lock = Object.keys(LOCKS).find((name) => fs.existsSync(path.join(here, name)));
    if (lock) return LOCKS[lock];
    if (here === path.dirname(here)) return 'npm install';
  }
}

// Hook Node's loader; `standIns` are modules to use where the package is not installed.
function install(folder, standIns) {
  const require = Module.createRequire(path.join(folder, 'package.json'));
  const translator = chooseTranslator(require);
  const aliases = readAliases(folder);
  const compile = (module, file) => {
    const source = fs.readFileSync(file, 'utf8');
    const plain = !EXTENSIONS.includes(path.extname(file)) && !ESM.test(source);
    try {
      module._compile(plain ? source : translator.translate(source, file), file);
    } catch (error) {
      // A module that fails for what is not installed is itself not there.
      if (!error.unchecked || wanted.has(file)) throw error;
      module.exports = missing(error.message);
    }
  };
  const native = Module._extensions['.js'];
  const own = (module, file) =>
    file.includes(`${path.sep}node_modules${path.sep}`) ? native(module, file) : compile(module, file);
  for (const extension of ['.js', '.cjs', '.mjs', ...EXTENSIONS]) Module._extensions[extension] = own;
  hookResolution(folder, standIns, aliases);
  return { translator: translator.name, load: require };
}

function hookResolution(folder, standIns, aliases) {
  const resolve = Module._resolveFilename;
  const load = Module._load;
  Module._resolveFilename = function (request, ...rest) {
    const found = attempt(() => resolve.call(this, request, ...rest));
    if (found) return found;
    for (const other of candidates(request, folder, aliases)) {
      const second = attempt(() => resolve.call(this, other, ...rest));
      if (second) return second;
    }
    return resolve.call(this, request, ...rest);
  };
  Module._load = function (request, parent, ...rest) {
    try {
      return load.call(this, request, parent, ...rest);
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND' || !error.message.includes(`'${request}'`)) throw error;
      if (standIns[request]) return standIns[request];
      const own = /^[./]/.test(request) || !parent || parent.filename?.includes('node_modules');
      if (own) throw error;
      return missing(`the package ${request} is not installed (${installing(folder)})`);
    }
  };
}

const wanted = new Set();

// Load a migration's file; what it lacks is said and not put off.
function loadMigration(file) {
  wanted.add(file);
  return require(file);
}

module.exports = { install, loadMigration, installed, missing, Unchecked };
