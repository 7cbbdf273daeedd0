// The application that falls ill, of ../README.md, on node's http.
'use strict';
const fs = require('fs');
const http = require('http');

function sickness() {
  try {
    return fs.readFileSync(`sick.${process.pid}`, 'latin1');
  } catch {
    return '';
  }
}

function text(response, code, content) {
  response.writeHead(code, { 'Content-Type': 'text/plain', 'Content-Length': content.length });
  response.end(content);
}

function whenWell(action) {
  const timer = setInterval(() => {
    if (sickness() === '') {
      clearInterval(timer);
      action();
    }
  }, 20);
}

function endless(response, piece, pause) {
  const timer = setInterval(() => {
    if (sickness() === '' || response.destroyed) {
      clearInterval(timer);
      response.end();
    } else {
      response.write(piece);
    }
  }, pause);
}

function health(response) {
  switch (sickness()) {
    case 'hang':
      whenWell(() => text(response, 200, 'well\n'));
      break;
    case '500':
      text(response, 500, 'sick\n');
      break;
    case 'endless':
      endless(response, 'x'.repeat(262144), 1);
      break;
    case 'slow':
      endless(response, 'x', 50);
      break;
    case 'die':
      response.writeHead(200, { 'Content-Length': 8 });
      response.write('half', () => process.kill(process.pid, 'SIGKILL'));
      break;
    case 'garbage':
      response.socket.end('nonsense\r\n\r\n');
      break;
    case 'close':
      response.socket.destroy();
      break;
    default:
      text(response, 200, 'well\n');
  }
}

http.createServer((request, response) => {
  const url = new URL(request.url, 'http://x');
  if (url.pathname === '/health') {
    health(response);
  } else if (url.pathname === '/sleep') {
    setTimeout(() => text(response, 200, `pid=${process.pid}\n`),
      1000 * Number(url.searchParams.get('seconds')));
  } else {
    text(response, 200, `pid=${process.pid}\n`);
  }
}).listen('passenger');
