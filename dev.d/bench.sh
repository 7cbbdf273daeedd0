# The benchmarks: figures to compare within one run, not tests.
# shellcheck shell=bash

BENCHMARKS=(forwarding health lock_time visitors worst)

bench_usage() {
    cat <<'END'
Usage: ./dev bench [--preset P] [NAME [OPTIONS OF THE BENCHMARK]]

Builds what is missing or out of date, then measures, in a real agent:

  forwarding  requests forwarded in a second, beside HAProxy and nginx in front of the
              same process; under two minutes
  health      CPU of health checks, beside passenger-status with curl and HAProxy's checks of the
              same processes, and what visitors feel of them; about three minutes
  lock_time   how long a listing holds the pool's lock, beside Passenger's /pool.xml
  visitors    what visitors feel of somebody who watches what the workers do; about six minutes
  worst       CPU of the module's thread for the worst message of each kind, and what another user
              feels of many of it; by root, about three minutes; prints a table in Markdown

Without NAME all, one after the other. forwarding, health and visitors install what is missing of
Debian's nghttp2-client (h2load), haproxy and, forwarding only, nginx-light. Debian starts
the services of the last two with that; the benchmarks leave those alone and run their own.

Examples:
  ./dev bench
  ./dev bench forwarding --only gangway,haproxy --rounds 9
  ./dev bench health --only continuous --many 300
  ./dev bench lock_time --processes 200
  ./dev bench worst --processes 200
  ./dev bench forwarding --help
END
}

bench_command() {
    local name
    local -a names=("${BENCHMARKS[@]}")
    read_options bench '--preset= …' "$@"
    set -- "${REST[@]}"
    if [ $# -gt 0 ]; then
        one_of "$1" "${BENCHMARKS[@]}" || usage_error "there is no benchmark '$1'" "./dev bench --help"
        names=("$1")
        shift
    fi
    preset_is_for_the_agent || usage_error "the agent cannot load a module with sanitizers" "./dev bench --help"
    need_packages_for_bench "${names[@]}"
    build ext/gangway.so bench_worker bin/gangway
    for name in "${names[@]}"; do
        step measure "measuring: $name"
        bench "$name" "$@"
    done
}

# A tool may come from another package than the one named here, as nginx does.
need_packages_for_bench() {
    local -a packages=("${PACKAGES_BUILD[@]}" python3)
    if one_of forwarding "$@"; then
        mapfile -t -O "${#packages[@]}" packages < <(packages_of_tools "${PACKAGES_BENCH[@]}")
    fi
    if one_of health "$@"; then
        mapfile -t -O "${#packages[@]}" packages < <(packages_of_tools nghttp2-client haproxy)
        packages+=(curl)
    fi
    if one_of visitors "$@"; then
        mapfile -t -O "${#packages[@]}" packages < <(packages_of_tools nghttp2-client)
    fi
    if one_of lock_time "$@" || one_of worst "$@"; then
        packages+=("${PACKAGES_RUN[@]}")
    fi
    need_packages "${packages[@]}"
}

# packages_of_tools PACKAGE…: those whose tool is not there.
packages_of_tools() {
    local package
    for package in "$@"; do
        PATH=$PATH:/usr/sbin command -v "${PACKAGE_TOOL[$package]}" >/dev/null || echo "$package"
    done
}

# bench NAME OPTION…
bench() {
    local name=$1
    shift
    GANGWAY_BUILD=$BUILD/$PRESET GANGWAY_PASSENGER_ROOT=$PASSENGER PYTHONDONTWRITEBYTECODE=1 \
        "$(find_tool python3)" "$ROOT/test/bench/$name/$name.py" "$@"
}
