#pragma once
// The hash chain over the journal's records: how a record's hash is made, and the walk that checks them all.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "agent/database.hpp"
#include "agent/digest.hpp"
#include "agent/store.hpp"

namespace nethealth {

/// The hash before the first record; it ties the chain to its installation.
Digest first_hash(std::string_view installation);

/// SHA-256 over previous hash, sequence, time (both eight bytes, the highest first), length of type (four
/// bytes), type and body.
Digest record_hash(const Digest& previous, std::int64_t sequence, std::int64_t time, std::string_view type,
                   std::string_view body);

std::string_view bytes_of(const Digest& digest);

/// Goes through the records a slice at a time; between slices records may be appended.
class ChainCheck {
 public:
  explicit ChainCheck(std::string_view installation) : previous_(first_hash(installation)) {}

  /// True when it is finished: verdict() is final.
  bool advance(Database& database, std::size_t records);
  [[nodiscard]] const JournalVerdict& verdict() const { return verdict_; }

 private:
  DatabaseResult<bool> look(Database& database, std::size_t records);
  bool check_row(const Statement& row);
  DatabaseResult<void> check_end(Database& database);
  void broken(JournalVerdict::Finding finding, std::int64_t at);

  Digest previous_;
  std::int64_t last_ = 0;
  std::int64_t from_ = std::numeric_limits<std::int64_t>::min();
  JournalVerdict verdict_;
};

}  // namespace nethealth
