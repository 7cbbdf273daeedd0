// The field lines of a message (RFC 9110, 5), exactly as they came: their order, their duplicates,
// the case of their names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gangway::message {

struct Field {
    std::string_view name;
    std::string_view value; // without the white space around it
};

bool same_letters(const char* a, const char* b, std::size_t size);

// Whether two field names, or two tokens of a list, are the same (ASCII, any case).
inline bool same_token(std::string_view a, std::string_view b) {
    return a.size() == b.size() && same_letters(a.data(), b.data(), a.size());
}

// Calls visit(token) for each element of a comma-separated list (RFC 9110, 5.6.1), without the
// white space around it and without what follows ';'. Empty elements are passed over.
template <typename Visit>
void each_token(std::string_view list, Visit visit);

// Views that it gives stay valid until the next add() or clear().
class Fields {
  public:
    void add(std::string_view name, std::string_view value);
    void clear();

    std::size_t size() const { return entries_.size(); }
    Field operator[](std::size_t index) const {
        const Entry& entry = entries_[index];
        return {std::string_view(text_).substr(entry.begin, entry.name_size),
                std::string_view(text_).substr(entry.begin + entry.name_size, entry.value_size)};
    }

    class Iterator {
      public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Field;
        using difference_type = std::ptrdiff_t;
        using pointer = const Field*;
        using reference = Field;

        Iterator(const Fields& fields, std::size_t index) : fields_(&fields), index_(index) {}
        Field operator*() const { return (*fields_)[index_]; }
        Iterator& operator++() {
            index_++;
            return *this;
        }
        Iterator operator++(int) {
            Iterator before = *this;
            ++*this;
            return before;
        }
        bool operator==(const Iterator& other) const { return index_ == other.index_; }

      private:
        const Fields* fields_;
        std::size_t index_;
    };
    Iterator begin() const { return {*this, 0}; }
    Iterator end() const { return {*this, size()}; }

    // The value of the first field of that name.
    std::optional<std::string_view> find(std::string_view name) const;
    std::size_t count(std::string_view name) const;
    // Whether a field of that name lists that token.
    bool lists(std::string_view name, std::string_view token) const;

  private:
    struct Entry {
        std::uint32_t begin; // in text_: the name, and right after it the value
        std::uint32_t name_size;
        std::uint32_t value_size;
    };
    bool is_named(const Entry& entry, std::string_view name) const;

    std::string text_;
    std::vector<Entry> entries_;
};

template <typename Visit>
void each_token(std::string_view list, Visit visit) {
    constexpr std::string_view space = " \t";
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        std::string_view token = list.substr(0, comma);
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
        token = token.substr(0, token.find(';'));
        const std::size_t first = token.find_first_not_of(space);
        if (first != std::string_view::npos) {
            visit(token.substr(first, token.find_last_not_of(space) - first + 1));
        }
    }
}

} // namespace gangway::message
