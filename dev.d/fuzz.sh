# The fuzzers: libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer, over what others send.
# shellcheck shell=bash

FUZZ_SECONDS=10
FUZZ_DIR=$ROOT/test/fuzz
FUZZ_FOUND=$BUILD/fuzz-found # inputs: what was new goes into corpus/, what was found into finds/

fuzz_usage() {
    cat <<'END'
Usage: ./dev fuzz [TARGET|all] [SECONDS] [--seed N]

Builds the fuzzers with clang, then runs each over its kept corpus (test/fuzz/corpus/TARGET) and on
from there for SECONDS of time (default: 10). Two run at once where there are two cores. A find ends it:
the input lies in build/fuzz-found/finds, and the command that repeats it is printed. The exit code
is 0 only if nothing was found.

--seed N   start where another run with this number started, so that it tries the same inputs as
           long as the code is the same; without it each run tries others

What is new and covers more is kept in build/fuzz-found/corpus, and begun with the next time.
docs/fuzzing.md says what each target promises.

Examples:
  ./dev fuzz
  ./dev fuzz request 600
  ./dev fuzz all 1800
  ./dev fuzz all 5 --seed 1        what .ci/run does
  build/fuzz/test/fuzz/request_fuzzer build/fuzz-found/finds/request/crash-…    repeats a find
END
}

fuzz_command() {
    local target=all seconds=$FUZZ_SECONDS seed
    read_options fuzz --seed= "$@"
    set -- "${OPERANDS[@]}"
    seed=${OPTIONS[--seed]-0} # libFuzzer's 0: another one each time
    [ -z "${OPTIONS[--seed]+given}" ] || [[ $seed =~ ^[1-9][0-9]{0,8}$ ]] ||
        usage_error "'$seed' is not a number above 0" "./dev fuzz --help"
    [ $# -le 2 ] || usage_error "fuzz takes a target and seconds, not also '$3'" "./dev fuzz --help"
    if [[ ${1-} =~ ^[0-9]+$ ]]; then
        [ $# -eq 1 ] || usage_error "the target comes before the seconds" "./dev fuzz --help"
        seconds=$1
    else
        target=${1:-all} seconds=${2:-$FUZZ_SECONDS}
    fi
    [[ $seconds =~ ^[1-9][0-9]{0,5}$ ]] || usage_error "'$seconds' is not a number of seconds above 0" "./dev fuzz --help"
    local -a targets=()
    mapfile -t targets < <(cd "$FUZZ_DIR" && printf '%s\n' *_fuzzer.cpp | sed 's/_fuzzer\.cpp$//')
    if [ "$target" != all ]; then
        [[ " ${targets[*]} " == *" $target "* ]] ||
            usage_error "there is no target '$target'; there are ${targets[*]}" "./dev fuzz --help"
        targets=("$target")
    fi
    PRESET=fuzz
    need_packages "${PACKAGES_BUILD[@]}" "${PACKAGES_FUZZ[@]}"
    take_build_lock
    build_module all
    exec 9>&-
    step fuzz "fuzzing for $seconds s each: ${targets[*]}"
    run_fuzzers "$seconds" "$seed" "${targets[@]}"
}

# run_fuzzers SECONDS SEED TARGET…
run_fuzzers() {
    export ROOT BUILD FUZZ_DIR FUZZ_FOUND
    export -f run_fuzzer fuzz_dictionary
    if ! printf '%s\n' "${@:3}" | xargs -P "$JOBS" -I '{}' bash -c 'run_fuzzer "$@"' run_fuzzer '{}' "$1" "$2"; then
        fail "the fuzzers found something: see $FUZZ_FOUND/finds"
    fi
    say "Nothing was found ($(duration "$SECONDS"))"
}

fuzz_dictionary() {
    case "$1" in
    config | expectation | health_* | json_*) echo json ;;
    *) echo http ;;
    esac
}

# run_fuzzer TARGET SECONDS SEED, in a process of its own.
run_fuzzer() {
    local target=$1 log=$FUZZ_FOUND/$1.log max_bytes=4096
    local new=$FUZZ_FOUND/corpus/$1 finds=$FUZZ_FOUND/finds/$1
    [ "$target" != cost ] || max_bytes=512 # It repeats what it is given.
    mkdir -p "$new" "$finds"
    if ! "$BUILD/fuzz/test/fuzz/${target}_fuzzer" -max_total_time="$2" -seed="$3" -max_len=$max_bytes -timeout=20 \
        -rss_limit_mb=2048 -dict="$FUZZ_DIR/dictionaries/$(fuzz_dictionary "$target").dict" \
        -artifact_prefix="$finds/" -print_final_stats=1 "$new" "$FUZZ_DIR/corpus/$target" >"$log" 2>&1; then
        {
            echo "--- found by $target:"
            grep -E '^broken promise|ERROR: |runtime error: |^terminate|what\(\)|Test unit written' "$log" || tail -n 20 "$log"
            echo "--- the whole log: $log"
        } >&2
        return 1
    fi
    sed -n "s/^stat::number_of_executed_units: */$target: executions /p" "$log"
}
