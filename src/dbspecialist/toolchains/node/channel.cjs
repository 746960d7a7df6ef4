// The driver's line to its owner: one JSON document a line, asked and answered in step.
//
// Both ends block: a statement is not sent before its mark is acknowledged, and nothing of the
// project runs meanwhile. What the project prints goes to stderr, which is not this channel.
'use strict';

const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { AsyncLocalStorage } = require('node:async_hooks');

const [requests, answers] = process.argv.slice(2, 4).map(Number);
let buffered = Buffer.alloc(0);

function receive() {
  for (;;) {
    const end = buffered.indexOf(10);
    if (end >= 0) {
      const line = buffered.subarray(0, end).toString('utf8');
      buffered = buffered.subarray(end + 1);
      return JSON.parse(line);
    }
    const chunk = Buffer.alloc(65536);
    const size = fs.readSync(answers, chunk, 0, chunk.length, null);
    if (size === 0) process.exit(0); // the owner is gone
    buffered = Buffer.concat([buffered, chunk.subarray(0, size)]);
  }
}

function send(message) {
  const bytes = Buffer.from(JSON.stringify(message) + '\n');
  for (let at = 0; at < bytes.length; ) at += fs.writeSync(requests, bytes, at);
}

function ask(message) {
  send(message);
  return receive();
}

// The line in a file from which the running code was reached, or null.
function lineOf(file) {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 60;
  const stack = new Error().stack;
  Error.stackTraceLimit = limit;
  for (const frame of stack.split('\n')) {
    const at = frame.indexOf(file + ':');
    const line = at < 0 ? NaN : parseInt(frame.slice(at + file.length + 1), 10);
    if (line > 0) return line;
  }
  return null;
}

const lines = new AsyncLocalStorage();

// Have every method of an object remember the line that it was called from: a promise that is
// returned and not awaited leaves no frame of its caller in later stacks.
function rememberLines(object, fileOf) {
  const seen = new Set();
  for (let at = object; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value !== 'function' || name === 'constructor' || seen.has(name)) continue;
      seen.add(name);
      object[name] = function (...given) {
        return lines.run(calledFrom(fileOf()), () => value.apply(this, given));
      };
    }
  }
}

// The line that the running code was reached from, by its stack or as remembered.
function calledFrom(file) {
  return (file ? lineOf(file) : null) ?? lines.getStore() ?? null;
}

// Only the twin's socket may be reached: migrations are tried as they came in a pull request.
function closeNetwork(folder) {
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...given) {
    const first = Array.isArray(given[0]) ? given[0][0] : given[0];
    const target = typeof first === 'string' ? first : first && first.path;
    if (typeof target === 'string' && path.dirname(target) === folder) {
      return connect.apply(this, given);
    }
    throw new Error('the network is closed while a migration is tried');
  };
}

function described(error) {
  const cause = (error && (error.driverError || error.original || error.parent)) || error || {};
  const engine = typeof cause.code === 'string' && /^[0-9A-Z]{5}$/.test(cause.code) && cause.severity;
  return {
    message: String((error && error.message) || error),
    error: engine ? { sqlstate: cause.code, message: cause.message, detail: cause.detail || '' } : null,
    unchecked: Boolean(error && error.unchecked),
  };
}

// Serve the owner's commands, one after the other, until it goes.
async function serve(commands) {
  process.setSourceMapsEnabled(true);
  process.on('unhandledRejection', (error) => console.error(error));
  process.on('uncaughtException', (error) => console.error(error));
  for (;;) {
    const command = receive();
    let done;
    try {
      done = { done: (await commands[command.do](command)) ?? {} };
    } catch (error) {
      done = { failed: described(error) };
    }
    send(done);
  }
}

module.exports = { ask, serve, calledFrom, rememberLines, closeNetwork };
