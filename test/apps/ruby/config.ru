# The test application (see ../README.md) on Rack.
require 'digest'
require 'json'

PIECE = 64 * 251
PATTERN = (0...PIECE).map { |i| i % 251 }.pack('C*')

# Yields `total` bytes of the pattern, a piece at a time.
class Pattern
  def initialize(total)
    @total = total
  end

  def each
    left = @total
    while left > 0
      yield left >= PIECE ? PATTERN : PATTERN.byteslice(0, left)
      left -= PIECE
    end
  end
end

class TestApp
  def call(env)
    path, query = env['REQUEST_URI'].split('?', 2)
    args = (query || '').split('&').grep(/=/).map { |pair| pair.split('=', 2) }.to_h
    case path
    when '/env' then environment(env)
    when '/sleep'
      sleep Float(args['seconds'])
      about(env, path, query)
    when '/stream' then answer(200, {}, stream(Integer(args['pieces']), Integer(args['bytes'])))
    when '/fixed' then fixed(Integer(args['bytes']))
    when '/die' then die(args['at'])
    when '/status' then status(Integer(args['code']))
    when '/header' then text(200, "ok\n", 'X-Long' => 'x' * Integer(args['bytes']))
    when '/echo' then echo(env)
    else about(env, path, query)
    end
  end

  private

  def answer(code, headers, body)
    [code, { 'Content-Type' => 'text/plain', 'X-App-Pid' => $$.to_s }.merge(headers), body]
  end

  def text(code, content, headers = {})
    answer(code, { 'Content-Length' => content.bytesize.to_s }.merge(headers), [content])
  end

  def about(env, path, query)
    digest = Digest::SHA256.new
    size = 0
    while (piece = env['rack.input'].read(16384))
      digest << piece
      size += piece.bytesize
    end
    text(200, "pid=#{$$}\nmethod=#{env['REQUEST_METHOD']}\npath=#{path}\nquery=#{query}\n" \
              "body_bytes=#{size}\nbody_sha256=#{digest.hexdigest}\n")
  end

  def environment(env)
    cgi = env.select { |_, value| value.is_a?(String) }
    headers = {}
    cgi.each do |name, value|
      if name.start_with?('HTTP_') && name != 'HTTP_VERSION'
        headers[name[5..-1].downcase.tr('_', '-')] = value
      elsif %w[CONTENT_TYPE CONTENT_LENGTH].include?(name)
        headers[name.downcase.tr('_', '-')] = value
      end
    end
    text(200, JSON.generate('pid' => $$, 'headers' => headers, 'cgi' => cgi),
         'Content-Type' => 'application/json', 'Set-Cookie' => "one=1\ntwo=2")
  end

  def stream(pieces, bytes)
    Enumerator.new { |out| pieces.times { out << PATTERN.byteslice(0, bytes) } }
  end

  def fixed(total)
    answer(200, { 'Content-Length' => total.to_s }, Pattern.new(total))
  end

  def die(at)
    Process.kill(:KILL, $$) if at == 'start'
    body = Enumerator.new do |out|
      out << PATTERN
      Process.kill(:KILL, $$)
    end
    answer(200, at == 'stream' ? {} : { 'Content-Length' => (2 * PIECE).to_s }, body)
  end

  def status(code)
    [204, 304].include?(code) ? answer(code, {}, []) : text(code, "status #{code}\n")
  end

  def echo(env)
    length = env['CONTENT_LENGTH']
    body = Enumerator.new do |out|
      while (piece = env['rack.input'].read(16384))
        out << piece
      end
    end
    answer(200, length ? { 'Content-Length' => length } : {}, body)
  end
end

run TestApp.new
