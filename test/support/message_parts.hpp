// Parts of messages for tests: fields from a list, and field lines as one readable string.
#pragma once

#include <initializer_list>
#include <string>

#include "message/fields.hpp"

namespace gangway::message {

inline Fields fields_of(std::initializer_list<Field> lines) {
    Fields fields;
    for (const Field& line : lines) {
        fields.add(line.name, line.value);
    }
    return fields;
}

// "A:1;B:2;", of Fields or Headers.
template <typename Lines>
std::string print(const Lines& lines) {
    std::string text;
    for (const Field field : lines) {
        text += field.name;
        text += ':';
        text += field.value;
        text += ';';
    }
    return text;
}

} // namespace gangway::message
