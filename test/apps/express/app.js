// The web application of ../README.md on Express.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const net = require('net');
const path = require('path');
const zlib = require('zlib');
const cookie = require('cookie');
const express = require('express');

const COMPRESSED = zlib.gzipSync('compressed by the application\n'.repeat(2000));

function journal(line) {
  fs.appendFileSync(path.join(__dirname, 'journal'), `${line}\n`);
}

function lists(params) {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, [].concat(value)]));
}

async function upload(request, response) {
  const sent = await new Response(request.body, { headers: { 'Content-Type': request.get('Content-Type') } })
    .formData();
  const form = {};
  const files = [];
  for (const [field, value] of sent) {
    if (typeof value === 'string') {
      (form[field] ||= []).push(value);
    } else {
      const content = Buffer.from(await value.arrayBuffer());
      files.push({
        field, name: value.name, type: value.type, size: content.length,
        sha256: crypto.createHash('sha256').update(content).digest('hex'),
      });
    }
  }
  response.json({ form, files });
}

// Server-sent events, each sent when a byte comes from the pipe `next`.
function events(request, response) {
  journal('begun');
  response.type('text/event-stream').flushHeaders();
  const asked = new net.Socket({
    fd: fs.openSync(path.join(__dirname, 'next'), fs.constants.O_RDONLY | fs.constants.O_NONBLOCK),
    readable: true,
    writable: false,
  });
  let number = 0;
  asked.on('data', (bytes) => {
    for (let i = 0; i < bytes.length; i += 1) {
      number += 1;
      response.write(`id: ${number}\ndata: event ${number}\n\n`);
    }
  });
  asked.on('end', () => response.end());
  response.on('close', () => {
    asked.destroy();
    journal('ended');
  });
}

const app = express();
app.get('/', (request, response) => response.type('text/plain').send(`pid=${process.pid}\n`));
app.all('/form', express.urlencoded({ extended: false, limit: '10mb' }), (request, response) => {
  response.json({ query: lists(request.query), form: lists(request.body) });
});
app.post('/upload', express.raw({ type: () => true, limit: '100mb' }), (request, response, next) => {
  upload(request, response).catch(next);
});
app.get('/login', (request, response) => {
  response.cookie('session', 's3cret/==', { path: '/', httpOnly: true, sameSite: 'lax' });
  response.cookie('theme', 'dark', { maxAge: 3600000 });
  response.clearCookie('old');
  response.type('text/plain').send('logged in\n');
});
app.get('/cookies', (request, response) => {
  response.json(cookie.parse(request.get('Cookie') || ''));
});
app.get('/redirect/absolute', (request, response) => {
  response.redirect(`${request.protocol}://${request.get('Host')}/form`);
});
app.all('/redirect/:code', (request, response) => {
  response.redirect(Number(request.params.code), '/form?from=%C3%A4');
});
app.get('/gzip', (request, response) => {
  response.set({ 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' }).type('text/plain').send(COMPRESSED);
});
app.get('/stream', (request, response) => {
  response.type('text/plain');
  for (let number = 0; number < 200; number += 1) {
    response.write(`piece ${number}\n`);
  }
  response.end();
});
app.get('/events', events);
app.listen('passenger');
