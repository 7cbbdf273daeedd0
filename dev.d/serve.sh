# One application in a real Passenger: watchdog, core, builtin HTTP engine, with Gangway in it (serve.py).
# shellcheck shell=bash

REGISTRY_BYTES=60 # Unix sockets' paths end at 107 bytes; Passenger adds up to 47 to the registry's.

serve_usage() {
    cat <<'END'
Usage: ./dev serve APP_DIR [--port N] [--workers N] [--registry DIR] [--log FILE]
                   [--no-build] [-- OPTIONS FOR PASSENGER]

Runs your application in a Passenger that carries Gangway, on 127.0.0.1. Builds first
what is missing or out of date. When the workers are up it prints a line, and a command to paste:

  ready http=http://127.0.0.1:PORT/ socket=PATH instance=NAME
  DEV gangway ps --socket PATH

and runs until Ctrl-C or SIGTERM. No process and no file is left behind, but for --log's.
One GET / is sent to the application, since Passenger starts workers with the first request.

  --port N        the HTTP port; 0 or none: a free one
  --workers N     how many processes, constantly (default: 2)
  --registry DIR  where the instance directory is made, at most 60 bytes long, since Unix sockets'
                  paths are limited (default: $PASSENGER_INSTANCE_REGISTRY_DIR or /tmp, where
                  gangway looks by itself)
  --log FILE      Passenger's log, the application's output in it (default: temporary)
  --no-build      run what is built, without a look at whether it is up to date
  -- OPTIONS      options of Passenger's core, as `PassengerAgent core --help` lists them

Examples:
  ./dev serve ~/src/shop
  ./dev serve ~/src/shop --port 3000 --workers 4 --log /tmp/shop.log
  ./dev serve ~/src/shop -- --environment production --app-type rack
  ./dev serve ~/src/tool -- --app-start-command 'python3 server.py $PORT'
  ./dev serve test/apps/ruby --workers 1000 -- --spawn-method dummy
  GANGWAY_CONFIG=~/gangway.json ./dev serve ~/src/shop
END
}

serve_command() {
    local app port workers registry log
    read_options serve '--port= --workers= --registry= --log= --no-build --' "$@"
    port=${OPTIONS[--port]-0}
    workers=${OPTIONS[--workers]-2}
    registry=${OPTIONS[--registry]-${PASSENGER_INSTANCE_REGISTRY_DIR:-/tmp}}
    log=${OPTIONS[--log]-}
    check_serve_words "$port" "$workers" "${OPERANDS[@]}"
    app=$(cd "${OPERANDS[0]}" && pwd -P)
    registry=$(realpath -m "$registry")
    ((${#registry} <= REGISTRY_BYTES)) || usage_error \
        "the registry $registry is longer than $REGISTRY_BYTES bytes, and no socket would fit; --registry names another" \
        "./dev serve --help"
    [ -z "$log" ] || log=$(realpath -m "$log")

    need_packages_for_serve "$app"
    if [ "${OPTIONS[--no-build]-}" = yes ]; then
        PASSENGER=$(passenger_root)
        [ -x "$PASSENGER/$AGENT" ] || fail "there is no agent in $PASSENGER yet; run ./dev build"
    else
        build ext/gangway.so bin/gangway >&2
    fi
    step serve "serving $app"
    exec "$(find_tool python3)" -B "$ROOT/dev.d/serve.py" --passenger-root "$PASSENGER" --registry "$registry" \
        --port "$((10#$port))" --workers "$workers" --log "$log" --ruby "$(find_tool ruby)" \
        --python "$(find_tool python3)" --nodejs "$(find_node)" -- "$app" "${REST[@]}"
}

# check_serve_words PORT WORKERS OPERAND…
check_serve_words() {
    local help="./dev serve --help"
    [ $# -ge 3 ] || usage_error "serve needs the application's folder" "$help"
    [ $# -eq 3 ] || usage_error "serve takes one APP_DIR, not also '$4'" "$help"
    [ -d "$3" ] || usage_error "there is no folder '$3'" "$help"
    if ! [[ $1 =~ ^[0-9]{1,5}$ ]] || ((10#$1 > 65535)); then
        usage_error "--port: '$1' is not a port" "$help"
    fi
    [[ $2 =~ ^[1-9][0-9]{0,4}$ ]] || usage_error "--workers: '$2' is not a number above 0" "$help"
}

# need_packages_for_serve APP
need_packages_for_serve() {
    local -a packages=("${PACKAGES_BUILD[@]}" "${PACKAGES_RUN[@]}")
    if [ -e "$1/app.js" ] && [ -z "$(find_node)" ]; then
        packages+=(nodejs)
    fi
    need_packages "${packages[@]}"
}
