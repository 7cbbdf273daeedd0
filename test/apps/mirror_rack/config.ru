# The mirror of ../README.md on Rack.
require 'json'

def text(bytes)
  bytes.dup.force_encoding('ISO-8859-1').encode('UTF-8')
end

# Rack has several values of a name in one string, a line each.
def answer(wanted)
  headers = wanted['headers'].group_by(&:first).transform_values { |pairs| pairs.map(&:last).join("\n") }
  [wanted['status'].to_i, headers, wanted['pieces'].map { |piece| piece.encode('ISO-8859-1').b }]
end

run(lambda do |env|
  body = env['rack.input'].read
  next answer(JSON.parse(env['HTTP_X_ANSWER'].unpack1('m'))) if env['HTTP_X_ANSWER']

  variables = env.select { |_, value| value.is_a?(String) }
  seen = JSON.generate('variables' => variables.to_h { |name, value| [text(name), text(value)] },
                       'body' => [body].pack('m0'))
  headers = { 'Content-Type' => 'application/json', 'Content-Length' => seen.bytesize.to_s }
  headers['X-Seen'] = [seen].pack('m0') if env['REQUEST_METHOD'] == 'HEAD'
  [200, headers, [seen]]
end)
