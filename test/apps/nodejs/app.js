// The test application (see ../README.md) on node's http.
'use strict';
const crypto = require('crypto');
const http = require('http');
const { Readable } = require('stream');

const PIECE = 64 * 251;
const PATTERN = Buffer.from(Array.from({ length: PIECE }, (_, i) => i % 251));

function* pattern(total) {
  for (let left = total; left > 0; left -= PIECE) {
    yield PATTERN.subarray(0, Math.min(left, PIECE));
  }
}

function* repeated(pieces, bytes) {
  for (let i = 0; i < pieces; i += 1) {
    yield PATTERN.subarray(0, bytes);
  }
}

function start(response, code, headers = {}) {
  response.writeHead(code, { 'Content-Type': 'text/plain', 'X-App-Pid': process.pid, ...headers });
}

function text(response, code, content, headers = {}) {
  start(response, code, { 'Content-Length': Buffer.byteLength(content), ...headers });
  response.end(content);
}

function about(request, response, path, query) {
  const digest = crypto.createHash('sha256');
  let size = 0;
  request.on('data', (piece) => {
    digest.update(piece);
    size += piece.length;
  });
  request.on('end', () => {
    text(response, 200, `pid=${process.pid}\nmethod=${request.method}\npath=${path}\n`
      + `query=${query}\nbody_bytes=${size}\nbody_sha256=${digest.digest('hex')}\n`);
  });
}

function environment(request, response) {
  text(response, 200, JSON.stringify({ pid: process.pid, headers: request.headers }),
    { 'Content-Type': 'application/json', 'Set-Cookie': ['one=1', 'two=2'] });
}

function die(response, at) {
  if (at === 'start') {
    process.kill(process.pid, 'SIGKILL');
    return;
  }
  start(response, 200, at === 'stream' ? {} : { 'Content-Length': 2 * PIECE });
  response.write(PATTERN, () => process.kill(process.pid, 'SIGKILL'));
}

function status(response, code) {
  if (code === 204 || code === 304) {
    start(response, code);
    response.end();
  } else {
    text(response, code, `status ${code}\n`);
  }
}

function echo(request, response) {
  const length = request.headers['content-length'];
  start(response, 200, length ? { 'Content-Length': length } : {});
  request.pipe(response);
}

http.createServer((request, response) => {
  const mark = request.url.indexOf('?');
  const path = mark < 0 ? request.url : request.url.slice(0, mark);
  const query = mark < 0 ? '' : request.url.slice(mark + 1);
  const args = new URLSearchParams(query);
  switch (path) {
    case '/env':
      environment(request, response);
      break;
    case '/sleep':
      setTimeout(() => about(request, response, path, query), 1000 * Number(args.get('seconds')));
      break;
    case '/stream':
      start(response, 200);
      Readable.from(repeated(Number(args.get('pieces')), Number(args.get('bytes')))).pipe(response);
      break;
    case '/fixed':
      start(response, 200, { 'Content-Length': args.get('bytes') });
      Readable.from(pattern(Number(args.get('bytes')))).pipe(response);
      break;
    case '/die':
      die(response, args.get('at'));
      break;
    case '/status':
      status(response, Number(args.get('code')));
      break;
    case '/header':
      text(response, 200, 'ok\n', { 'X-Long': 'x'.repeat(Number(args.get('bytes'))) });
      break;
    case '/echo':
      echo(request, response);
      break;
    default:
      about(request, response, path, query);
  }
}).listen('passenger');
