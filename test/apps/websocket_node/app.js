// The WebSocket server of ../README.md on ws.
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');
const { WebSocketServer } = require('ws');

function journal(line) {
  fs.appendFileSync(path.join(__dirname, 'journal'), `${line}\n`);
}

function converse(socket, name) {
  journal(`${name} open`);
  socket.on('message', (data, isBinary) => {
    const text = isBinary ? '' : data.toString();
    if (text === 'close, please') {
      socket.close(4001, 'as you asked');
    } else if (text === 'ping, please') {
      socket.ping('are you there?');
    } else {
      socket.send(data, { binary: isBinary });
    }
  });
  socket.on('pong', (data) => socket.send(`pong: ${data}`));
  socket.on('error', () => {});
  socket.on('close', (code) => journal(`${name} closed ${code}`));
}

const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: bytes\r\n\r\n';

// Sends back what comes, and after its end how much it was.
function echoBytes(socket, head, name) {
  let size = head.length;
  journal(`${name} open`);
  socket.write(SWITCH);
  socket.write(head);
  socket.on('data', (piece) => {
    size += piece.length;
    if (!socket.write(piece)) {
      socket.pause();
      socket.once('drain', () => socket.resume());
    }
  });
  socket.on('end', () => socket.end(`\n${size} bytes came\n`));
  socket.on('error', () => {});
  socket.on('close', () => journal(`${name} closed ${size}`));
}

// Says what it has to say, ends its direction, and goes on reading.
function finishFirst(socket, head, name) {
  let size = head.length;
  journal(`${name} open`);
  socket.end(`${SWITCH}that was all\n`);
  socket.on('data', (piece) => { size += piece.length; });
  socket.on('error', () => {});
  socket.on('close', () => journal(`${name} closed ${size}`));
}

const sockets = new WebSocketServer({ noServer: true, maxPayload: 1 << 26, perMessageDeflate: true });
const server = http.createServer((request, response) => {
  response.end(`pid=${process.pid}\nupgrade=${request.headers.upgrade || ''}\n`);
});
server.on('upgrade', (request, socket, head) => {
  const url = new URL(request.url, 'http://localhost');
  const name = url.searchParams.get('name');
  if (url.pathname === '/bytes') {
    echoBytes(socket, head, name);
  } else if (url.pathname === '/finish_first') {
    finishFirst(socket, head, name);
  } else if (url.pathname === '/refuse') {
    socket.write('HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nContent-Length: 8\r\n\r\nrefused\n');
    socket.end();
  } else {
    sockets.handleUpgrade(request, socket, head, (accepted) => converse(accepted, name));
  }
});
server.listen('passenger');
