# The web application of ../README.md on Rack.
require 'digest'
require 'json'
require 'rack'
require 'zlib'

HERE = __dir__
COMPRESSED = Zlib.gzip("compressed by the application\n" * 2000)
ETAG = "\"#{Digest::SHA256.hexdigest(COMPRESSED)}\"".freeze

module Journal
  def self.add(line)
    File.open(File.join(HERE, 'journal'), 'a') { |file| file.puts(line) }
  end
end

# A stream of server-sent events, each sent when a byte comes from the pipe `next`.
class Events
  def each
    Journal.add('begun')
    @asked = File.open(File.join(HERE, 'next'), 'rb')
    number = 0
    while @asked.read(1)
      number += 1
      yield "id: #{number}\ndata: event #{number}\n\n"
    end
  end

  def close
    @asked&.close
    Journal.add('ended')
  end
end

class WebApp
  def call(env)
    request = Rack::Request.new(env)
    case request.path_info
    when '/form' then json(query: lists(request.GET), form: lists(request.POST))
    when '/upload' then upload(request)
    when '/login' then login
    when '/cookies' then json(request.cookies)
    when %r{\A/redirect/(\d+)\z} then redirect("/form?from=%C3%A4", $1.to_i)
    when '/redirect/absolute' then redirect("#{request.base_url}/form", 302)
    when '/gzip' then compressed(env['HTTP_IF_NONE_MATCH'])
    when '/stream' then [200, { 'Content-Type' => 'text/plain' }, (0...200).lazy.map { |n| "piece #{n}\n" }]
    when '/events' then [200, { 'Content-Type' => 'text/event-stream' }, Events.new]
    when '/' then [200, { 'Content-Type' => 'text/plain' }, ["pid=#{$$}\n"]]
    else [404, { 'Content-Type' => 'text/plain' }, ["Not Found\n"]]
    end
  end

  private

  def json(value)
    [200, { 'Content-Type' => 'application/json' }, [JSON.generate(value)]]
  end

  # Rack gives the last of several values; name[] gives all of them.
  def lists(params)
    params.transform_values { |value| Array(value) }
  end

  def upload(request)
    files, form = request.POST.partition { |_, value| value.is_a?(Hash) && value[:tempfile] }
    json(form: lists(form.to_h), files: files.map { |field, file|
      content = file[:tempfile].read
      { field: field, name: file[:filename], type: file[:type], size: content.bytesize,
        sha256: Digest::SHA256.hexdigest(content) }
    })
  end

  def login
    answer = Rack::Response.new("logged in\n", 200, 'Content-Type' => 'text/plain')
    answer.set_cookie('session', value: 's3cret/==', path: '/', httponly: true, same_site: :lax)
    answer.set_cookie('theme', value: 'dark', max_age: 3600)
    answer.delete_cookie('old')
    answer.finish
  end

  def redirect(location, code)
    [code, { 'Location' => location, 'Content-Type' => 'text/plain' }, ["see #{location}\n"]]
  end

  def compressed(known)
    return [304, { 'ETag' => ETAG }, []] if known == ETAG

    [200, { 'Content-Type' => 'text/plain', 'Content-Encoding' => 'gzip', 'Vary' => 'Accept-Encoding',
            'ETag' => ETAG, 'Content-Length' => COMPRESSED.bytesize.to_s }, [COMPRESSED]]
  end
end

run WebApp.new
