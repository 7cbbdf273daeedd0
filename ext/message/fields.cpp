#include "message/fields.hpp"

namespace gangway::message {

namespace {

// Beyond this a cleared list gives its memory back: one large header must not cost it for ever.
constexpr std::size_t kept_bytes = 8 * 1024;
constexpr std::size_t kept_entries = 128;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace

bool same_letters(const char* a, const char* b, std::size_t size) {
    for (std::size_t i = 0; i < size; i++) {
        if (a[i] != b[i] && lower(a[i]) != lower(b[i])) {
            return false;
        }
    }
    return true;
}

void Fields::add(std::string_view name, std::string_view value) {
    entries_.push_back({static_cast<std::uint32_t>(text_.size()),
                        static_cast<std::uint32_t>(name.size()),
                        static_cast<std::uint32_t>(value.size())});
    text_ += name;
    text_ += value;
}

void Fields::clear() {
    text_.clear();
    entries_.clear();
    if (text_.capacity() > kept_bytes) {
        text_.shrink_to_fit();
    }
    if (entries_.capacity() > kept_entries) {
        entries_.shrink_to_fit();
    }
}

// Most names differ in their length already.
bool Fields::is_named(const Entry& entry, std::string_view name) const {
    return entry.name_size == name.size() &&
           same_letters(text_.data() + entry.begin, name.data(), name.size());
}

std::optional<std::string_view> Fields::find(std::string_view name) const {
    for (const Entry& entry : entries_) {
        if (is_named(entry, name)) {
            return std::string_view(text_).substr(entry.begin + entry.name_size, entry.value_size);
        }
    }
    return std::nullopt;
}

std::size_t Fields::count(std::string_view name) const {
    std::size_t result = 0;
    for (const Entry& entry : entries_) {
        result += is_named(entry, name) ? 1U : 0U;
    }
    return result;
}

bool Fields::lists(std::string_view name, std::string_view token) const {
    bool found = false;
    for (const Field field : *this) {
        if (same_token(field.name, name)) {
            each_token(field.value, [&](std::string_view listed) {
                found = found || same_token(listed, token);
            });
        }
    }
    return found;
}

} // namespace gangway::message
