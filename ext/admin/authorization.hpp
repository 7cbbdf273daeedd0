// Who may see and do what (docs/api.md, "Who may do what").
//
// Pure: credentials and accounts in, an Access out. Passwords are compared in constant time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "admin/process_password.hpp"
#include "pool/pool.hpp"
#include "pool/subject.hpp"

namespace gangway::admin {

// An account of the agent's API server.
struct Account {
    std::string username;
    std::string password;
    bool readonly;
};

// The value of an Authorization header, when its scheme is Basic (RFC 7617) and it is well-formed.
struct BasicCredentials {
    std::string username;
    std::string password;
};

std::optional<BasicCredentials> parse_basic(std::string_view authorization);

// What a request brought along.
struct Credentials {
    std::optional<uid_t> peer_uid;                    // of the socket's other end
    std::optional<std::string_view> connect_password; // X-Passenger-Connect-Password
    std::optional<std::string_view> authorization;    // the whole value
};

// How far a caller reaches. Compares equal passwords in constant time at every question.
class Access {
  public:
    static Access none() { return Access(Kind::none); }
    static Access full() { return Access(Kind::full); }
    // Root, or the agent's own user.
    static Access peer() { return Access(Kind::peer); }
    static Access readonly() { return Access(Kind::readonly); }
    static Access holder(std::string_view password) {
        Access access(Kind::password);
        access.password_ = password;
        return access;
    }
    // The holder of one process's own password.
    static Access process(std::string_view gupid) {
        Access access(Kind::process);
        access.gupid_ = gupid;
        return access;
    }
    static Access user(uid_t uid) {
        Access access(Kind::user);
        access.uid_ = uid;
        return access;
    }

    // Sees every group, and the pool's own numbers.
    bool sees_all() const { return is_full() || kind_ == Kind::readonly; }
    // A group as such, with all of its processes, what they count together, and its password.
    bool sees(const gangway_group& group) const;
    bool sees(const pool::GroupFacts& group) const;
    // A process of a group.
    bool sees(const gangway_process_identity& process) const;
    bool sees(const gangway_group& group, const gangway_process& process) const;
    bool sees(const pool::GroupFacts& group, std::string_view gupid) const;
    // Of whom one process is all that is seen, its gupid.
    std::optional<std::string_view> only_process() const;
    // May see secrets, forward and change, within what it sees.
    bool may_act() const { return kind_ != Kind::readonly && kind_ != Kind::none; }
    bool is_none() const { return kind_ == Kind::none; }
    // For the access log: "root", "full", "readonly", "password", "process", "user",
    // "none".
    std::string_view word() const;
    // Whether this caller is somebody only if there is a group or process that fits.
    bool needs_pool() const {
        return kind_ == Kind::password || kind_ == Kind::process || kind_ == Kind::user;
    }

  private:
    enum class Kind { none, peer, full, readonly, password, process, user };
    explicit Access(Kind kind) : kind_(kind) {}
    bool is_full() const { return kind_ == Kind::peer || kind_ == Kind::full; }
    bool is_only(std::string_view gupid) const;
    bool reaches(std::string_view password, bool has_user, uid_t uid) const;

    Kind kind_;
    std::string password_;
    std::string gupid_;
    uid_t uid_ = static_cast<uid_t>(-1);
};

// Credentials that were sent count alone; without any, the peer's uid counts. A holder's or a
// user's Access reaches the groups that fit, which may be none; that of the holder of a process's
// own password that process, which may have gone.
Access authorize(const Credentials& credentials, const std::vector<Account>& accounts,
                 const ProcessPasswords& process_passwords, uid_t agent_uid);

// Whether an Authorization header of a forwarded request is meant for Gangway, not for the
// application: Basic, with the name of one of the accounts.
bool is_for_gangway(std::string_view authorization, const std::vector<Account>& accounts);

// Takes as long for any two strings of the same lengths.
bool equal_in_constant_time(std::string_view a, std::string_view b);

} // namespace gangway::admin
