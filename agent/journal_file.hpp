#pragma once
// The journal as a file: who may open it, what is in it, how it begins.

#include <memory>
#include <string>

#include "agent/database.hpp"
#include "agent/digest.hpp"
#include "config/language.hpp"
#include "config/result.hpp"

namespace nethealth {

inline constexpr const char* in_memory = ":memory:";

/// Keeps a second process off the journal, by a file of its own beside it (`PATH.lock`) that holds the
/// owner's process id. Closing any descriptor of the journal itself would drop the database engine's locks.
class JournalLock {
 public:
  enum class Purpose : std::uint8_t {
    write,  ///< makes the file when it is missing
    check   ///< changes nothing; without a lock file there is nothing to hold
  };
  static Result<JournalLock> take(const std::string& path, Purpose purpose, Language language);

  JournalLock() = default;
  JournalLock(JournalLock&& other) noexcept;
  JournalLock& operator=(JournalLock&& other) noexcept;
  ~JournalLock();

 private:
  int descriptor_ = -1;
};

struct JournalHead {
  std::int64_t count = 0;
  Digest hash{};
};

struct JournalFile {
  JournalLock lock;
  Database database;
  std::string installation;
  JournalHead head;
  std::string warning;
};

/// Opens or creates for writing.
Result<JournalFile> open_journal(const std::string& path, Language language);

/// Opens for reading, when nobody writes.
Result<JournalFile> read_journal(const std::string& path, Language language);

}  // namespace nethealth
