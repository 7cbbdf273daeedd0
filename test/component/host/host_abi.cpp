// The table of functions that the module gets, and the checks that hold for each of them.
#include "host/test_host.h"

namespace gangway::test {

namespace {

gangway_str view(const std::string& text) {
    return {text.empty() ? nullptr : text.data(), text.size()};
}

std::string_view text_of(gangway_str text) {
    return text.size == 0 ? std::string_view() : std::string_view(text.data, text.size);
}

gangway_process_ref& live(const gangway_process_ref* ref, const char* function) {
    if (ref == nullptr || ref->released) {
        contract_violation(std::string(function) + " on a process reference that was released");
    }
    return *const_cast<gangway_process_ref*>(ref); // the host's own object
}

gangway_session& live(gangway_session* session, const char* function) {
    if (session == nullptr || session->closed) {
        contract_violation(std::string(function) + " on a session that was closed");
    }
    return *session;
}

gangway_status snapshot(void* context, void* buffer, std::size_t* size, gangway_snapshot* out) {
    return TestHost::Call(context, "snapshot")->snapshot(buffer, size, out);
}

gangway_status process_find(void* context, const gangway_process_id* id,
                            gangway_process_ref** out) {
    return TestHost::Call(context, "process_find")->process_find(*id, out);
}

const gangway_process_identity* process_identity(void* context, const gangway_process_ref* ref) {
    const TestHost::Call call(context, "process_identity");
    return &live(ref, "process_identity").identity;
}

gangway_status process_state(void* context, const gangway_process_ref* ref,
                             gangway_process_state* out) {
    TestHost::Call call(context, "process_state");
    return call->process_state(live(ref, "process_state"), out);
}

void process_release(void* context, gangway_process_ref* ref) {
    TestHost::Call call(context, "process_release");
    call->process_release(live(ref, "process_release"));
}

gangway_status session_open(void* context, gangway_process_ref* ref, std::uint32_t flags,
                            gangway_session** out) {
    TestHost::Call call(context, "session_open");
    return call->session_open(live(ref, "session_open"), flags, out);
}

gangway_status session_connect(void* context, gangway_session* session, gangway_connection* out) {
    TestHost::Call call(context, "session_connect");
    return call->session_connect(live(session, "session_connect"), out);
}

void session_request_oobw(void* context, gangway_session* session) {
    TestHost::Call call(context, "session_request_oobw");
    call->session_request_oobw(live(session, "session_request_oobw"));
}

void session_close(void* context, gangway_session* session, int success, int keep_alive) {
    TestHost::Call call(context, "session_close");
    call->session_close(live(session, "session_close"), success != 0, keep_alive != 0);
}

gangway_status process_detach(void* context, gangway_process_ref* ref) {
    TestHost::Call call(context, "process_detach");
    return call->process_detach(live(ref, "process_detach"));
}

void log_line(void* context, gangway_log_level level, gangway_str line) {
    TestHost::Call(context, "log")->log_line(level, text_of(line));
}

std::uint32_t controller_count(void* context) {
    return TestHost::Call(context, "controller_count")->controllers().count();
}

gangway_status requests_ask(void* context, std::uint32_t controller,
                            const gangway_requests_wanted* wanted) {
    if (wanted == nullptr || wanted->most_at_processes == 0) {
        contract_violation("requests_ask wants nothing");
    }
    return TestHost::Call(context, "requests_ask")->requests_ask(controller);
}

void requests_release(void* context, const gangway_requests* requests) {
    TestHost::Call(context, "requests_release")->controllers().release(requests);
}

void visits_watch(void* context, int on) {
    TestHost::Call(context, "visits_watch")->visits().watch(on != 0);
}

gangway_status visits_take(void* context, std::uint32_t most_open, const gangway_visits** out) {
    *out = TestHost::Call(context, "visits_take")->visits().take(most_open);
    return GANGWAY_OK;
}

void visits_release(void* context, const gangway_visits* visits) {
    TestHost::Call(context, "visits_release")->visits().release(visits);
}

} // namespace

TestHost::Call::Call(void* context, const char* function)
    : host_(*static_cast<TestHost*>(context)) {
    ++host_.running_calls_;
    if (!host_.running_) {
        contract_violation(std::string(function) + " called before start() or after stop()");
    }
    const std::lock_guard lock(host_.log_mutex_);
    ++host_.calls_[function];
}

void TestHost::fill_table(const std::string& config_text) {
    config_text_ = config_text;
    gangway_host& table = table_.known;
    table.abi_version = GANGWAY_ABI_VERSION;
    table.struct_size = is_younger_ ? sizeof table_ : sizeof table;
    table.context = this;
    table.passenger_version = view(passenger_version_);
    table.instance_dir = view(instance_dir_);
    table.agent_config = view(agent_config_);
    table.config_path = config_text_.empty() ? gangway_str{} : view(config_path_);
    table.config_text = view(config_text_);
    table.snapshot = test::snapshot;
    table.process_find = test::process_find;
    table.process_identity = test::process_identity;
    table.process_state = test::process_state;
    table.process_release = test::process_release;
    table.session_open = test::session_open;
    table.session_connect = test::session_connect;
    table.session_request_oobw = test::session_request_oobw;
    table.session_close = test::session_close;
    table.process_detach = test::process_detach;
    table.log = test::log_line;
    table.controller_count = test::controller_count;
    table.requests_ask = test::requests_ask;
    table.requests_release = test::requests_release;
    table.visits_watch = test::visits_watch;
    table.visits_take = test::visits_take;
    table.visits_release = test::visits_release;
}

} // namespace gangway::test
