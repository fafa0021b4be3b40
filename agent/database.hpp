#pragma once
// One SQLite connection and its statements as values; database.cpp is the only file that sees SQLite. Used by
// one thread at a time.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

struct sqlite3;
struct sqlite3_stmt;

namespace nethealth {

struct DatabaseFailure {
  enum class Kind : std::uint8_t {
    full,     ///< no space; nothing else is wrong
    io,       ///< the device failed: what was written since the last commit is in doubt
    damaged,  ///< the file is no database, or its structure is broken
    busy,     ///< another process holds it
    other
  };
  Kind kind = Kind::other;
  std::string what;  ///< as the engine says it, in English
};

template <class T>
using DatabaseResult = tl::expected<T, DatabaseFailure>;

class Statement {
 public:
  /// Parameters count from 1.
  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, std::string_view text);
  Statement& bind_bytes(int parameter, std::string_view bytes);

  /// True when there is a row. After false or a failure the statement may be bound and run again.
  DatabaseResult<bool> step();
  /// Runs a statement that gives no rows.
  DatabaseResult<void> run();

  /// Columns of the present row count from 0.
  [[nodiscard]] std::int64_t integer(int column) const;
  /// Valid until the next call of step.
  [[nodiscard]] std::string_view bytes(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
 public:
  enum class Mode : std::uint8_t {
    write,  ///< exclusive WAL, no shared memory; commits are synced. The file must exist, or be ":memory:"
    read_only,  ///< reads a write-ahead log that was left behind, without changing it
    frozen      ///< nobody can change the file, and it has no write-ahead log
  };
  static DatabaseResult<Database> open(const std::string& path, Mode mode);

  DatabaseResult<void> run(const char* sql);
  DatabaseResult<Statement> prepare(std::string_view sql);
  /// Ends a transaction that is open, with nothing of it in.
  void roll_back();

  /// Pages in the write-ahead log after the last commit.
  [[nodiscard]] int log_pages() const;
  /// Moves what is committed from the log into the file, as far as it goes now.
  void checkpoint();
  /// The same, completely, and empties the log.
  DatabaseResult<void> checkpoint_and_truncate();

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  std::unique_ptr<int> log_pages_;  ///< outlives the connection, which writes it
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace nethealth
