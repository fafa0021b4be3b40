#include "agent/journal_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "agent/journal_chain.hpp"
#include "agent/store.hpp"

namespace nethealth {
namespace {

constexpr mode_t file_mode = 0640;

constexpr const char* schema =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
    "CREATE TABLE record (sequence INTEGER PRIMARY KEY, time INTEGER NOT NULL, type TEXT NOT NULL,"
    " body TEXT NOT NULL, hash BLOB NOT NULL) STRICT;"
    "CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), count INTEGER NOT NULL, hash BLOB NOT NULL)"
    " STRICT;"
    "CREATE TABLE log_position (device TEXT NOT NULL, path TEXT NOT NULL, file TEXT NOT NULL,"
    " device_number INTEGER NOT NULL, inode INTEGER NOT NULL, read_to INTEGER NOT NULL,"
    " fingerprint TEXT NOT NULL, PRIMARY KEY (device, path, file)) STRICT;"
    "CREATE TABLE attempt (id TEXT PRIMARY KEY) STRICT;";

std::string system_text() {
  return std::strerror(errno);
}

Failure in_words(const std::string& path, Language language, const DatabaseFailure& failure) {
  using FailureKind = DatabaseFailure::Kind;
  Phrase text{"記録ファイルを開けません", "the journal cannot be opened"};
  if (failure.kind == FailureKind::damaged) {
    text = {
        "nethealthの記録ファイルではないか、壊れています。別の store: "
        "を指定するか、ファイルを移動してください",
        "this is no nethealth journal, or it is damaged; name another file in store: or move this one away"};
  } else if (failure.kind == FailureKind::busy) {
    text = {"別のプロセスが記録ファイルを使用中です。それを終了してください",
            "another process holds the journal; end it first"};
  } else if (failure.kind == FailureKind::full) {
    text = {"ディスクに空きがありません", "the disk is full"};
  }
  return {path, std::string(text.in(language)) + ": " + failure.what};
}

Result<void> check_folder(const std::string& path, Language language) {
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    const Phrase text{"このフォルダーがありません。store: の場所を作成してください",
                      "this folder does not exist; make it, or change store:"};
    return failure(folder, std::string(text.in(language)));
  }
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    const Phrase text{"このフォルダーに書き込めません: ", "this folder is not writable: "};
    return failure(folder, std::string(text.in(language)) + system_text());
  }
  return {};
}

/// Makes an empty file if there is none; the database engine would let others read it.
Result<void> ensure_file(const std::string& path, Language language) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, file_mode);
  if (descriptor < 0) {
    const Phrase text{"記録ファイルに書き込めません: ", "the journal cannot be written: "};
    return failure(path, std::string(text.in(language)) + system_text());
  }
  close(descriptor);
  return {};
}

std::string owner_text(int descriptor) {
  char text[32]{};
  const auto size = pread(descriptor, text, sizeof text - 1, 0);
  std::string pid(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  pid.erase(std::find_if(pid.begin(), pid.end(), [](char c) { return c < '0' || c > '9'; }), pid.end());
  return pid.empty() ? "?" : pid;
}

DatabaseResult<std::string> about_value(Database& database, std::string_view name) {
  auto statement = database.prepare("SELECT value FROM about WHERE name = ?");
  if (!statement) return tl::unexpected<DatabaseFailure>(statement.error());
  const auto row = statement->bind(1, name).step();
  if (!row) return tl::unexpected<DatabaseFailure>(row.error());
  return *row ? std::string(statement->bytes(0)) : std::string();
}

DatabaseResult<std::int64_t> number(Database& database, std::string_view sql) {
  auto statement = database.prepare(sql);
  if (!statement) return tl::unexpected<DatabaseFailure>(statement.error());
  const auto row = statement->step();
  if (!row) return tl::unexpected<DatabaseFailure>(row.error());
  return *row ? statement->integer(0) : 0;
}

DatabaseResult<JournalHead> read_head(Database& database) {
  auto statement = database.prepare("SELECT count, hash FROM head WHERE one = 1");
  if (!statement) return tl::unexpected<DatabaseFailure>(statement.error());
  const auto row = statement->step();
  if (!row) return tl::unexpected<DatabaseFailure>(row.error());
  JournalHead head;
  if (!*row) return head;
  head.count = statement->integer(0);
  const std::string_view hash = statement->bytes(1);
  std::copy_n(hash.begin(), std::min(hash.size(), head.hash.size()),
              reinterpret_cast<char*>(head.hash.data()));
  return head;
}

DatabaseResult<void> create(Database& database) {
  const std::string installation = random_hex(8);
  if (auto made = database.run(schema); !made) return made;
  auto insert = database.prepare("INSERT INTO about (name, value) VALUES (?, ?)");
  if (!insert) return tl::unexpected<DatabaseFailure>(insert.error());
  const std::pair<std::string_view, std::string> facts[] = {{"product", "nethealth journal"},
                                                            {"schema", std::to_string(store_schema)},
                                                            {"installation", installation}};
  for (const auto& [name, value] : facts) {
    if (auto done = insert->bind(1, name).bind(2, std::string_view(value)).run(); !done) return done;
  }
  auto head = database.prepare("INSERT INTO head (one, count, hash) VALUES (1, 0, ?)");
  if (!head) return tl::unexpected<DatabaseFailure>(head.error());
  const Digest first = first_hash(installation);
  if (auto done = head->bind_bytes(1, bytes_of(first)).run(); !done) return done;
  return database.run("COMMIT");
}

Failure not_ours(const std::string& path, Language language) {
  const Phrase text{
      "nethealthの記録ファイルではありません。別の store: を指定するか、ファイルを移動してください",
      "this is no nethealth journal; name another file in store: or move this one away"};
  return {path, std::string(text.in(language))};
}

/// Reads what every journal begins with.
Result<void> recognise(JournalFile& file, const std::string& path, Language language) {
  const auto tables =
      number(file.database, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'about'");
  if (!tables) return tl::unexpected<Failure>(in_words(path, language, tables.error()));
  if (*tables == 0) return tl::unexpected<Failure>(not_ours(path, language));
  const auto product = about_value(file.database, "product");
  const auto version = about_value(file.database, "schema");
  const auto installation = about_value(file.database, "installation");
  if (!product || !version || !installation || *product != "nethealth journal") {
    return tl::unexpected<Failure>(not_ours(path, language));
  }
  if (*version != std::to_string(store_schema)) {
    const Phrase text{
        "この記録ファイルは別の版のnethealthのものです。新しい版のnethealthを使ってください。形式: ",
        "this journal belongs to another version of nethealth; use the newer one. Its form: "};
    return failure(path, std::string(text.in(language)) + *version);
  }
  file.installation = *installation;
  const auto head = read_head(file.database);
  if (!head) return tl::unexpected<Failure>(in_words(path, language, head.error()));
  file.head = *head;
  return {};
}

/// A start goes on with a journal whose end is odd, because a monitor that refuses to run pages nobody.
Result<void> look_at_end(JournalFile& file, const std::string& path, Language language) {
  const auto last = number(file.database, "SELECT coalesce(max(sequence), 0) FROM record");
  if (!last) return tl::unexpected<Failure>(in_words(path, language, last.error()));
  if (*last == file.head.count) return {};
  const Phrase text{"記録の末尾が正しくありません。nethealth verify で確認してください",
                    "the end of the journal is not as it was left; look with nethealth verify"};
  file.warning = path + ": " + std::string(text.in(language)) + " (" + std::to_string(*last) + ", " +
                 std::to_string(file.head.count) + ")";
  file.head.count = std::max(file.head.count, *last);
  return {};
}

bool has_content(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return !error && size > 0;
}

}  // namespace

Result<JournalLock> JournalLock::take(const std::string& path, Purpose purpose, Language language) {
  const std::string name = path + ".lock";
  const bool write = purpose == Purpose::write;
  JournalLock lock;
  lock.descriptor_ = open(name.c_str(), (write ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, file_mode);
  if (lock.descriptor_ < 0) {
    if (!write) return lock;
    const Phrase text{"書き込めません: ", "cannot be written: "};
    return failure(name, std::string(text.in(language)) + system_text());
  }
  if (flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const std::string pid = owner_text(lock.descriptor_);
    return failure(path, language == Language::ja
                             ? "別のnethealth（プロセス番号" + pid + "）がこの記録ファイルを使用中です"
                             : "another nethealth (process " + pid + ") holds this journal");
  }
  if (write) {
    const std::string pid = std::to_string(getpid()) + "\n";
    // Only for the message above: a full disk does not matter.
    [[maybe_unused]] const int cut = ftruncate(lock.descriptor_, 0);
    [[maybe_unused]] const auto written = pwrite(lock.descriptor_, pid.data(), pid.size(), 0);
  }
  return lock;
}

JournalLock::JournalLock(JournalLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

JournalLock& JournalLock::operator=(JournalLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

JournalLock::~JournalLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

Result<JournalFile> open_journal(const std::string& path, Language language) {
  JournalFile file;
  if (path != in_memory) {
    if (auto good = check_folder(path, language); !good) return tl::unexpected<Failure>(good.error());
    auto lock = JournalLock::take(path, JournalLock::Purpose::write, language);
    if (!lock) return tl::unexpected<Failure>(lock.error());
    file.lock = std::move(*lock);
    if (auto made = ensure_file(path, language); !made) return tl::unexpected<Failure>(made.error());
  }
  auto database = Database::open(path, Database::Mode::write);
  if (!database) return tl::unexpected<Failure>(in_words(path, language, database.error()));
  file.database = std::move(*database);
  const auto objects = number(file.database, "SELECT count(*) FROM sqlite_master");
  if (!objects) return tl::unexpected<Failure>(in_words(path, language, objects.error()));
  if (*objects == 0) {
    if (auto made = create(file.database); !made) {
      return tl::unexpected<Failure>(in_words(path, language, made.error()));
    }
  }
  if (auto known = recognise(file, path, language); !known) return tl::unexpected<Failure>(known.error());
  if (auto end = look_at_end(file, path, language); !end) return tl::unexpected<Failure>(end.error());
  return file;
}

Result<JournalFile> read_journal(const std::string& path, Language language) {
  JournalFile file;
  if (access(path.c_str(), R_OK) != 0) {
    const Phrase text{"記録ファイルを読めません: ", "the journal cannot be read: "};
    return failure(path, std::string(text.in(language)) + system_text());
  }
  auto lock = JournalLock::take(path, JournalLock::Purpose::check, language);
  if (!lock) return tl::unexpected<Failure>(lock.error());
  file.lock = std::move(*lock);
  const bool log_left = has_content(path + "-wal");
  auto database = Database::open(path, log_left ? Database::Mode::read_only : Database::Mode::frozen);
  if (!database) return tl::unexpected<Failure>(in_words(path, language, database.error()));
  file.database = std::move(*database);
  if (auto known = recognise(file, path, language); !known) return tl::unexpected<Failure>(known.error());
  return file;
}

}  // namespace nethealth
