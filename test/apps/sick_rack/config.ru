# The application that falls ill, of ../README.md, on Rack.
def sickness
  File.read("sick.#{$$}")
rescue Errno::ENOENT
  ''
end

def text(code, content)
  [code, { 'Content-Type' => 'text/plain', 'Content-Length' => content.bytesize.to_s }, [content]]
end

def with_connection(env)
  connection = env['rack.hijack'].call
  yield connection
  connection.close
end

def endless(piece, pause)
  body = Enumerator.new do |out|
    until sickness.empty?
      out << piece
      sleep pause
    end
  end
  [200, { 'Content-Type' => 'text/plain' }, body]
end

def dying
  Enumerator.new do |out|
    out << 'half'
    Process.kill(:KILL, $$)
  end
end

def health(env)
  case sickness
  when 'hang'
    sleep 0.02 until sickness.empty?
    text(200, "well\n")
  when '500' then text(500, "sick\n")
  when 'endless' then endless('x' * 65_536, 0)
  when 'slow' then endless('x', 0.05)
  when 'die' then [200, { 'Content-Length' => '8' }, dying]
  when 'garbage' then with_connection(env) { |connection| connection.write("nonsense\r\n\r\n") }
  when 'close' then with_connection(env) { nil }
  else text(200, "well\n")
  end
end

run(lambda do |env|
  path, query = env['REQUEST_URI'].split('?', 2)
  next health(env) if path == '/health'

  sleep Float(query.split('=').last) if path == '/sleep'
  text(200, "pid=#{$$}\n")
end)
