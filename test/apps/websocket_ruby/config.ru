# The WebSocket server of ../README.md: Rack socket hijacking, with websocket-driver.
require 'rack'
require 'websocket/driver'

JOURNAL = File.join(__dir__, 'journal')

module Journal
  def self.add(line)
    File.open(JOURNAL, 'a') { |file| file.puts(line) }
  end
end

# One WebSocket connection on a hijacked socket; `env` and `write` are what the driver asks of it.
class Conversation
  attr_reader :env

  def initialize(env, io, name)
    @env = env
    @io = io
    @name = name
    @close_code = 1006
    @driver = WebSocket::Driver.rack(self, max_length: 1 << 26)
    @driver.on(:open) { Journal.add("#{@name} open") }
    @driver.on(:message) { |event| heard(event.data) }
    @driver.on(:close) { |event| @close_code = event.code }
  end

  # The answer to the last frame of whoever has left reaches nobody; the frame has arrived all the same.
  def write(bytes)
    @io.write(bytes)
  rescue Errno::EPIPE
    nil
  end

  def run
    @driver.start
    @driver.parse(@io.readpartial(65536)) until @driver.state == :closed
  end

  def closed
    Journal.add("#{@name} closed #{@close_code}")
  end

  private

  # Text is a String, binary data an Array of bytes.
  def heard(data)
    case data
    when Array then @driver.binary(data)
    when 'close, please' then @driver.close('as you asked', 4001)
    when 'ping, please' then @driver.ping('are you there?') { @driver.text('pong: are you there?') }
    else @driver.text(data)
    end
  end
end

SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: bytes\r\n\r\n".freeze

# Sends back what comes, and after its end how much it was.
class EchoBytes
  def initialize(_env, io, name)
    @io = io
    @name = name
    @size = 0
  end

  def run
    Journal.add("#{@name} open")
    @io.write(SWITCH)
    loop { @io.write(read) }
  rescue EOFError
    @io.write("\n#{@size} bytes came\n")
  end

  def closed
    Journal.add("#{@name} closed #{@size}")
  end

  private

  def read
    piece = @io.readpartial(65536)
    @size += piece.bytesize
    piece
  end
end

# Says what it has to say, ends its direction, and goes on reading.
class FinishFirst < EchoBytes
  def run
    Journal.add("#{@name} open")
    @io.write("#{SWITCH}that was all\n")
    @io.close_write
    loop { read }
  end
end

def serve(kind, env, name)
  io = env['rack.hijack'].call
  connection = kind.new(env, io, name)
  Thread.new do
    connection.run
  rescue EOFError, Errno::EPIPE, Errno::ECONNRESET
    nil
  ensure
    io.close
    connection.closed
  end
  [200, {}, []]
end

run(lambda do |env|
  request = Rack::Request.new(env)
  name = request.GET['name']
  if !env['HTTP_UPGRADE']
    [200, { 'Content-Type' => 'text/plain' }, ["pid=#{$$}\nupgrade=\n"]]
  elsif request.path_info == '/bytes'
    serve(EchoBytes, env, name)
  elsif request.path_info == '/finish_first'
    serve(FinishFirst, env, name)
  elsif request.path_info == '/refuse' || env['HTTP_SEC_WEBSOCKET_VERSION'] != '13'
    [426, { 'Upgrade' => 'websocket', 'Content-Length' => '8' }, ["refused\n"]]
  else
    serve(Conversation, env, name)
  end
end)
