# What of the code the unit and component tests reach.
# shellcheck shell=bash

coverage_usage() {
    cat <<'END'
Usage: ./dev coverage [--gaps N]

Builds with GCC's --coverage into build/coverage, runs the unit and component tests, and prints a
table: of each folder of ext/ and tools/gangway/ the lines and branches that a test came through.
Branches that only an exception takes are left out. Then the N longest pieces that none came through
(default: 10), each with the line at which it begins.

The counts of each line are in build/coverage/coverage.json, as gcovr writes them.

Examples:
  ./dev coverage
  ./dev coverage --gaps 40
END
}

coverage_command() {
    local gaps python
    read_options coverage --gaps= "$@"
    no_operands coverage
    gaps=${OPTIONS[--gaps]-10}
    [[ $gaps =~ ^[0-9]{1,4}$ ]] || usage_error "'$gaps' is not a number of pieces" "./dev coverage --help"
    PRESET=coverage
    need_packages "${PACKAGES_BUILD[@]}" "${PACKAGES_COVERAGE[@]}" python3
    take_build_lock
    build_module all
    exec 9>&-
    # Counts are added to those of the last run, of which some may be of code that has changed since.
    find "$BUILD/coverage" -name '*.gcda' -delete
    run_ctest >&2 || fail "not all tests pass: there is nothing to be said of what they reach."
    step coverage "reading the counts"
    python=$(find_tool python3)
    (cd "$ROOT" && gcovr --root "$ROOT" --filter 'ext/' --filter 'tools/gangway/' -j "$JOBS" \
        --exclude-throw-branches --json "$BUILD/coverage/coverage.json" "$BUILD/coverage") \
        >"$LOGS/gcovr.log" 2>&1 || fail_with_log "gcovr cannot read the counts." "$LOGS/gcovr.log"
    "$python" "$ROOT/dev.d/coverage_table.py" "$BUILD/coverage/coverage.json" "$gaps"
}
