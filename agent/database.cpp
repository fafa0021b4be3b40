#include "agent/database.hpp"

#include <sqlite3.h>

namespace nethealth {
namespace {

DatabaseFailure::Kind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return DatabaseFailure::Kind::full;
    case SQLITE_IOERR:
      return DatabaseFailure::Kind::io;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return DatabaseFailure::Kind::damaged;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return DatabaseFailure::Kind::busy;
    default:
      return DatabaseFailure::Kind::other;
  }
}

tl::unexpected<DatabaseFailure> failed(sqlite3* connection, int code) {
  std::string what = sqlite3_errstr(code);
  const int extended = connection != nullptr ? sqlite3_extended_errcode(connection) : code;
  if (connection != nullptr && (extended & 0xff) == (code & 0xff)) what = sqlite3_errmsg(connection);
  return tl::unexpected<DatabaseFailure>(
      {kind_of(code), what + " (SQLite " + std::to_string(extended) + ")"});
}

/// Called by the engine after each commit.
int remember_log_pages(void* place, sqlite3*, const char*, int pages) {
  *static_cast<int*>(place) = pages;
  return SQLITE_OK;
}

/// Exclusive locking comes first: only then does the log need no shared-memory file.
constexpr const char* write_settings =
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA journal_size_limit = 16777216;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA mmap_size = 0;"
    "BEGIN IMMEDIATE; COMMIT;";

std::string uri_of(const std::string& path, const char* option) {
  std::string uri = "file:";
  for (const char letter : path) {
    if (letter == '%' || letter == '?' || letter == '#') {
      static constexpr std::string_view digits = "0123456789ABCDEF";
      const auto value = static_cast<unsigned char>(letter);
      uri += {'%', digits[value >> 4U], digits[value & 15U]};
    } else {
      uri += letter;
    }
  }
  return uri + "?" + option;
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void Database::Close::operator()(sqlite3* connection) const {
  sqlite3_close_v2(connection);
}

Statement& Statement::bind(int parameter, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), parameter, value);
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view text) {
  // A null pointer would be bound as NULL.
  const char* data = text.data() == nullptr ? "" : text.data();
  sqlite3_bind_text64(statement_.get(), parameter, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_bytes(int parameter, std::string_view bytes) {
  sqlite3_bind_blob64(statement_.get(), parameter, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
  return *this;
}

DatabaseResult<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_.get());
    return false;
  }
  auto failure = failed(sqlite3_db_handle(statement_.get()), code);
  sqlite3_reset(statement_.get());
  return failure;
}

DatabaseResult<void> Statement::run() {
  const auto row = step();
  if (!row) return tl::unexpected<DatabaseFailure>(row.error());
  return {};
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  if (data == nullptr) return {};
  return {static_cast<const char*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

DatabaseResult<Database> Database::open(const std::string& path, Mode mode) {
  std::string name = path;
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (mode == Mode::write) {
    flags |= SQLITE_OPEN_READWRITE;
  } else {
    flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
    name = uri_of(path, mode == Mode::frozen ? "immutable=1" : "mode=ro");
  }
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &connection, flags, nullptr);
  Database database;
  database.connection_.reset(connection);
  if (code != SQLITE_OK) return failed(connection, code);
  database.log_pages_ = std::make_unique<int>(0);
  if (mode == Mode::write) {
    // The hook replaces automatic checkpoints, which would delay the commit that sets them off.
    sqlite3_wal_hook(connection, remember_log_pages, database.log_pages_.get());
    if (auto set = database.run(write_settings); !set) return tl::unexpected<DatabaseFailure>(set.error());
  }
  return database;
}

DatabaseResult<void> Database::run(const char* sql) {
  const int code = sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failed(connection_.get(), code);
  return {};
}

DatabaseResult<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* prepared = nullptr;
  const int code =
      sqlite3_prepare_v2(connection_.get(), sql.data(), static_cast<int>(sql.size()), &prepared, nullptr);
  if (code != SQLITE_OK) return failed(connection_.get(), code);
  Statement statement;
  statement.statement_.reset(prepared);
  return statement;
}

void Database::roll_back() {
  if (sqlite3_get_autocommit(connection_.get()) == 0) {
    sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

int Database::log_pages() const {
  return *log_pages_;
}

void Database::checkpoint() {
  const int code =
      sqlite3_wal_checkpoint_v2(connection_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  // The next commit begins the log anew; a checkpoint that failed is tried again after it.
  if (code == SQLITE_OK) *log_pages_ = 0;
}

DatabaseResult<void> Database::checkpoint_and_truncate() {
  const int code =
      sqlite3_wal_checkpoint_v2(connection_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if (code != SQLITE_OK) return failed(connection_.get(), code);
  *log_pages_ = 0;
  return {};
}

}  // namespace nethealth
