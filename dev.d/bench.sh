# The benchmarks: figures to compare within one run, not tests.
# shellcheck shell=bash

BENCHMARKS=(forwarding health lock_time)

bench_usage() {
    cat <<'END'
Usage: ./dev bench [--preset debug|release] [NAME [OPTIONS OF THE BENCHMARK]]

Builds what is missing or out of date, then measures, in a real agent:

  forwarding  requests forwarded in a second, beside HAProxy and nginx in front of the
              same process; under two minutes
  health      CPU of health checks, beside passenger-status with curl and HAProxy's checks of the
              same processes, and what visitors feel of them; about three minutes
  lock_time   how long a listing holds the pool's lock, beside Passenger's /pool.xml

Without NAME all, one after the other. forwarding and health install what is missing of
Debian's nghttp2-client (h2load), haproxy and, forwarding only, nginx-light. Debian starts
the services of the last two with that; the benchmarks leave those alone and run their own.

Examples:
  ./dev bench
  ./dev bench forwarding --only gangway,haproxy --rounds 9
  ./dev bench health --only continuous --many 300
  ./dev bench lock_time --processes 200
  ./dev bench forwarding --help
END
}

bench_command() {
    local name=''
    while [ $# -gt 0 ]; do
        case "$1" in
        --preset) need_value "$1" $# "./dev bench --help"; PRESET=$2; shift 2 ;;
        --help | -h) bench_usage; exit 0 ;;
        -*) usage_error "bench does not know '$1'" "./dev bench --help" ;;
        *) name=$1; shift; break ;;
        esac
    done
    local -a names=("${BENCHMARKS[@]}")
    if [ -n "$name" ]; then
        [[ " ${BENCHMARKS[*]} " == *" $name "* ]] || usage_error "there is no benchmark '$name'" "./dev bench --help"
        names=("$name")
    fi
    if [ "$PRESET" = asan ] || [ "$PRESET" = tsan ]; then
        usage_error "the agent is built without sanitizers, and cannot load a module with them" "./dev bench --help"
    fi
    STEPS=5
    need_packages_for_bench "${names[@]}"
    build ext/gangway.so bench_worker bin/gangway
    for name in "${names[@]}"; do
        step 5 "measuring: $name"
        "bench_$name" "$@"
    done
}

# A tool may come from another package than the one named here, as nginx does.
need_packages_for_bench() {
    local -a packages=("${PACKAGES_BUILD[@]}" python3)
    if [[ " $* " == *" forwarding "* ]]; then
        add_packages_of_tools "${PACKAGES_BENCH[@]}"
    fi
    if [[ " $* " == *" health "* ]]; then
        add_packages_of_tools nghttp2-client haproxy
        packages+=(curl)
    fi
    if [[ " $* " == *" lock_time "* ]]; then
        packages+=("${PACKAGES_RUN[@]}")
    fi
    need_packages "${packages[@]}"
}

# To the caller's packages.
add_packages_of_tools() {
    local package
    for package in "$@"; do
        PATH=$PATH:/usr/sbin command -v "${PACKAGE_TOOL[$package]}" >/dev/null || packages+=("$package")
    done
}

bench_forwarding() { bench_in_agent forwarding "$@"; }

bench_health() { bench_in_agent health "$@"; }

bench_in_agent() {
    local name=$1
    shift
    GANGWAY_BUILD=$BUILD/$PRESET GANGWAY_PASSENGER_ROOT=$PASSENGER PYTHONDONTWRITEBYTECODE=1 \
        "$(find_tool python3)" "$ROOT/test/bench/$name/$name.py" "$@"
}

bench_lock_time() {
    "$(find_tool python3)" "$ROOT/test/bench/lock_time/lock_time.py" --passenger-root "$PASSENGER" \
        --module "$BUILD/$PRESET/ext/gangway.so" "$@"
}
