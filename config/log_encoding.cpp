#include "config/log_encoding.hpp"

#include <cctype>
#include <string>

namespace nethealth {
namespace {

struct NamedEncoding {
  std::string_view name;
  LogEncoding encoding;
  bool configured;  ///< the name a configuration uses; the others are understood too
};

constexpr NamedEncoding named[] = {{"auto", LogEncoding::automatic, true},
                                   {"utf-8", LogEncoding::utf8, true},
                                   {"ascii", LogEncoding::utf8, false},
                                   {"cp932", LogEncoding::cp932, true},
                                   {"shift_jis", LogEncoding::cp932, true},
                                   {"sjis", LogEncoding::cp932, false},
                                   {"windows-31j", LogEncoding::cp932, false},
                                   {"ms932", LogEncoding::cp932, false},
                                   {"euc-jp", LogEncoding::euc_jp, true},
                                   {"eucjp-ms", LogEncoding::euc_jp, true},
                                   {"iso-2022-jp", LogEncoding::iso_2022_jp, true},
                                   {"jis", LogEncoding::iso_2022_jp, false},
                                   {"utf-16", LogEncoding::utf16, true},
                                   {"utf-16le", LogEncoding::utf16le, true},
                                   {"utf-16be", LogEncoding::utf16be, true},
                                   {"iso-8859-1", LogEncoding::latin1, true},
                                   {"latin1", LogEncoding::latin1, false}};

/// Letters and digits, small.
std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return plain;
}

}  // namespace

std::optional<LogEncoding> log_encoding(std::string_view name) {
  const std::string wanted = plain_name(name);
  if (wanted.empty()) return LogEncoding::automatic;
  for (const NamedEncoding& known : named)
    if (plain_name(known.name) == wanted) return known.encoding;
  return std::nullopt;
}

std::vector<std::string_view> log_encodings() {
  std::vector<std::string_view> names;
  for (const NamedEncoding& known : named)
    if (known.configured) names.push_back(known.name);
  return names;
}

}  // namespace nethealth
