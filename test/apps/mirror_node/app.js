// The mirror of ../README.md on node's http.
'use strict';
const http = require('http');

function answer(response, wanted) {
  const [code, ...reason] = wanted.status.split(' ');
  response.writeHead(Number(code), reason.join(' '), wanted.headers.flat());
  for (const piece of wanted.pieces) {
    response.write(Buffer.from(piece, 'latin1'));
  }
  response.addTrailers(wanted.trailers || []);
  response.end();
}

http.createServer((request, response) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    if (request.headers['x-answer']) {
      answer(response, JSON.parse(Buffer.from(request.headers['x-answer'], 'base64')));
      return;
    }
    const seen = Buffer.from(JSON.stringify({
      method: request.method,
      url: request.url,
      httpVersion: request.httpVersion,
      rawHeaders: request.rawHeaders,
      rawTrailers: request.rawTrailers,
      body: Buffer.concat(pieces).toString('base64'),
    }));
    if (request.method === 'HEAD') {
      response.setHeader('X-Seen', seen.toString('base64'));
    }
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': seen.length });
    response.end(seen);
  });
}).listen('passenger');
