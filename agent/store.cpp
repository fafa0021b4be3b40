#include "agent/store.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <charconv>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "agent/event_json.hpp"
#include "agent/journal_chain.hpp"
#include "agent/journal_file.hpp"

namespace nethealth {
namespace {

constexpr int checkpoint_pages = 1'000;
constexpr std::size_t verify_slice_records = 2'000;
constexpr std::int64_t read_slice_records = 5'000;
constexpr std::size_t damage_told_limit = 10;

using WorkGuard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;

struct CommitJob {
  Batch batch;
  Store::Done done;
  WorkGuard guard;  ///< the loop must not end while an answer is owed

  [[nodiscard]] std::size_t size() const {
    return batch.events.size() + batch.positions.size() + batch.forgotten.size() + batch.attempts.size() + 1;
  }
};

struct VerifyJob {
  std::function<void(const JournalVerdict&)> done;
  WorkGuard guard;
  ChainCheck check;
};

struct RecordsJob {
  int incident = 0;
  std::function<void(Result<std::vector<JournalRecord>>)> done;
  WorkGuard guard;
  std::vector<JournalRecord> records = {};
  std::size_t bytes = 0;
  std::int64_t last = 0;
};

struct Statements {
  Statement record, head, position, forget, attempt, settled, alive;
};

DatabaseResult<Statements> prepare_all(Database& database) {
  Statements all;
  const std::pair<Statement*, const char*> wanted[] = {
      {&all.record, "INSERT INTO record (sequence, time, type, body, hash) VALUES (?, ?, ?, ?, ?)"},
      {&all.head, "UPDATE head SET count = ?, hash = ? WHERE one = 1"},
      {&all.position,
       "INSERT INTO log_position (device, path, file, device_number, inode, read_to, fingerprint)"
       " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (device, path, file) DO UPDATE SET"
       " device_number = excluded.device_number, inode = excluded.inode, read_to = excluded.read_to,"
       " fingerprint = excluded.fingerprint"},
      {&all.forget, "DELETE FROM log_position WHERE device = ? AND path = ? AND file = ?"},
      {&all.attempt, "INSERT INTO attempt (id) VALUES (?) ON CONFLICT (id) DO NOTHING"},
      {&all.settled, "DELETE FROM attempt WHERE id = ?"},
      {&all.alive,
       "INSERT INTO about (name, value) VALUES ('alive', ?) ON CONFLICT (name) DO UPDATE SET"
       " value = excluded.value"}};
  for (const auto& [statement, sql] : wanted) {
    auto prepared = database.prepare(sql);
    if (!prepared) return tl::unexpected<DatabaseFailure>(prepared.error());
    *statement = std::move(*prepared);
  }
  return all;
}

/// The bits as they are; the database has no unsigned numbers.
std::int64_t stored(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}
std::uint64_t unstored(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

DatabaseResult<void> write_event(Statements& to, const Event& event, JournalHead& head) {
  const std::string body = journal_text(event);
  const std::string_view type = type_word(event);
  const std::int64_t time = event.time.time_since_epoch().count();
  const std::int64_t sequence = head.count + 1;
  const Digest hash = record_hash(head.hash, sequence, time, type, body);
  to.record.bind(1, sequence).bind(2, time).bind(3, type).bind(4, std::string_view(body));
  if (auto done = to.record.bind_bytes(5, bytes_of(hash)).run(); !done) return done;
  head = {sequence, hash};
  // The attempt has served: the outcome stands in the journal.
  if (const auto* outcome = std::get_if<NotificationOutcome>(&event.what);
      outcome != nullptr && outcome->delivery != Delivery::acknowledged && outcome->is_final()) {
    return to.settled.bind(1, std::string_view(outcome->id)).run();
  }
  return {};
}

DatabaseResult<void> write_batch(Statements& to, const Batch& batch, JournalHead& head) {
  for (const std::string& id : batch.attempts) {
    if (auto done = to.attempt.bind(1, std::string_view(id)).run(); !done) return done;
  }
  for (const Event& event : batch.events) {
    if (auto done = write_event(to, event, head); !done) return done;
  }
  for (const LogPosition& position : batch.positions) {
    to.position.bind(1, std::string_view(position.device))
        .bind(2, std::string_view(position.path))
        .bind(3, std::string_view(position.file))
        .bind(4, stored(position.device_number))
        .bind(5, stored(position.inode))
        .bind(6, stored(position.offset))
        .bind(7, std::string_view(position.fingerprint));
    if (auto done = to.position.run(); !done) return done;
  }
  for (const LogPosition& position : batch.forgotten) {
    to.forget.bind(1, std::string_view(position.device))
        .bind(2, std::string_view(position.path))
        .bind(3, std::string_view(position.file));
    if (auto done = to.forget.run(); !done) return done;
  }
  if (!batch.alive) return {};
  const std::string alive = std::to_string(batch.alive->time_since_epoch().count());
  return to.alive.bind(1, std::string_view(alive)).run();
}

}  // namespace

class Store::Impl {
 public:
  Impl(boost::asio::io_context& io, std::string path, JournalFile file)
      : io_(io),
        path_(std::move(path)),
        attachments_(io, path_ == in_memory ? std::string() : path_ + ".attachments"),
        file_(std::move(file)),
        database_(std::move(file_.database)) {
    committed_ = file_.head;
    thread_ = std::thread([this] { work(); });
  }

  ~Impl() {
    {
      const std::lock_guard hold(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  void commit(Batch batch, Done done) {
    CommitJob job{std::move(batch), std::move(done), WorkGuard(io_.get_executor())};
    {
      const std::lock_guard hold(mutex_);
      if (queue_.size() < store_queue_limit_batches) {
        queue_.push_back(std::move(job));
        changed_.notify_one();
        return;
      }
    }
    const Result<void> full = failure(path_, "too many commits wait for the disk");
    boost::asio::post(io_, [called = std::move(job.done), full] { called(full); });
  }

  void verify(std::function<void(const JournalVerdict&)> done) {
    const std::lock_guard hold(mutex_);
    verifications_.push_back(
        {std::move(done), WorkGuard(io_.get_executor()), ChainCheck(file_.installation)});
    changed_.notify_one();
  }

  void records(int incident, std::function<void(Result<std::vector<JournalRecord>>)> done) {
    const std::lock_guard hold(mutex_);
    readings_.push_back({incident, std::move(done), WorkGuard(io_.get_executor())});
    changed_.notify_one();
  }

  AttachmentFolder& attachments() { return attachments_; }

  Result<Past> past() {
    std::promise<Result<Past>> promise;
    auto answer = promise.get_future();
    {
      const std::lock_guard hold(mutex_);
      past_wanted_ = &promise;
    }
    changed_.notify_one();
    return answer.get();
  }

  [[nodiscard]] ChainHead head() const {
    const std::lock_guard hold(mutex_);
    return {static_cast<std::uint64_t>(committed_.count), hex(bytes_of(committed_.hash))};
  }

  [[nodiscard]] const std::string& installation() const { return file_.installation; }
  [[nodiscard]] const std::string& warning() const { return file_.warning; }

 private:
  void work() {
    std::vector<CommitJob> group;
    std::optional<VerifyJob> verification;
    std::optional<RecordsJob> reading;
    for (;;) {
      std::promise<Result<Past>>* past_wanted = nullptr;
      {
        std::unique_lock hold(mutex_);
        changed_.wait(hold, [&] {
          return stopping_ || !queue_.empty() || past_wanted_ != nullptr || verification ||
                 !verifications_.empty() || reading || !readings_.empty();
        });
        if (stopping_ && queue_.empty()) return;
        take_group(group);
        past_wanted = std::exchange(past_wanted_, nullptr);
        if (!verification && !verifications_.empty()) {
          verification.emplace(std::move(verifications_.front()));
          verifications_.pop_front();
        }
        if (!reading && !readings_.empty()) {
          reading.emplace(std::move(readings_.front()));
          readings_.pop_front();
        }
      }
      if (past_wanted != nullptr) past_wanted->set_value(read_past());
      if (!group.empty()) commit_group(group);
      if (verification && check_slice(*verification)) verification.reset();
      if (reading && read_slice(*reading)) reading.reset();
    }
  }

  /// True when it is finished and answered.
  bool read_slice(RecordsJob& job) {
    const auto answer_with = [&](Result<std::vector<JournalRecord>> result) {
      boost::asio::post(io_, [done = std::move(job.done), result = std::move(result)] { done(result); });
      return true;
    };
    const std::string mark = "\"incident\":" + std::to_string(job.incident) + ",";
    const std::int64_t until = job.last + read_slice_records;
    const auto read = each_row(
        "SELECT sequence, time, type, body, hash FROM record WHERE sequence > " + std::to_string(job.last) +
            " AND sequence <= " + std::to_string(until) + " ORDER BY sequence",
        [&](const Statement& row) {
          // Inside a text the quotation marks would stand escaped.
          if (row.bytes(3).find(mark) == std::string_view::npos) return;
          job.bytes += row.bytes(3).size();
          if (job.bytes > store_read_limit_bytes) return;
          job.records.push_back({unstored(row.integer(0)), Time(Milliseconds(row.integer(1))),
                                 std::string(row.bytes(2)), std::string(row.bytes(3)), hex(row.bytes(4))});
        });
    if (!read) return answer_with(failure(path_, read.error().what));
    if (job.bytes > store_read_limit_bytes)
      return answer_with(failure(path_, "the incident has more than " +
                                            std::to_string(store_read_limit_bytes / 1024 / 1024) +
                                            " MiB of records"));
    job.last = until;
    if (until < file_.head.count) return false;
    return answer_with(std::move(job.records));
  }

  void take_group(std::vector<CommitJob>& group) {
    group.clear();
    std::size_t records = 0;
    while (!queue_.empty()) {
      records += queue_.front().size();
      if (!group.empty() && records > store_group_limit_records) return;
      group.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
  }

  /// One transaction for all; if that fails, one for each, so that one bad batch does not take others along.
  void commit_group(std::vector<CommitJob>& group) {
    const Result<void> together = transaction(group.data(), group.size());
    for (CommitJob& job : group) {
      Result<void> result = together;
      if (!together && group.size() > 1) result = transaction(&job, 1);
      answer(job, std::move(result));
    }
    if (database_.log_pages() > checkpoint_pages) database_.checkpoint();
  }

  void answer(CommitJob& job, Result<void> result) {
    boost::asio::post(io_, [done = std::move(job.done), result = std::move(result)] { done(result); });
    job.guard.reset();
  }

  Result<void> transaction(const CommitJob* jobs, std::size_t count) {
    if (auto usable = make_usable(); !usable) return usable;
    JournalHead head = file_.head;
    const auto written = write_all(jobs, count, head);
    if (written) {
      file_.head = head;
      const std::lock_guard hold(mutex_);
      committed_ = head;
      return {};
    }
    database_.roll_back();
    // What no space prevented is simply not in. After anything else the file is not trusted as it is.
    doubtful_ = written.error().kind != DatabaseFailure::Kind::full;
    return failure(path_, written.error().what);
  }

  DatabaseResult<void> write_all(const CommitJob* jobs, std::size_t count, JournalHead& head) {
    if (auto begun = database_.run("BEGIN IMMEDIATE"); !begun) return begun;
    for (std::size_t i = 0; i < count; ++i) {
      if (auto done = write_batch(*statements_, jobs[i].batch, head); !done) return done;
    }
    auto done = statements_->head.bind(1, head.count).bind_bytes(2, bytes_of(head.hash)).run();
    if (!done) return done;
    return database_.run("COMMIT");
  }

  /// After a failed write or sync the kernel may have dropped what it could not write and still call it
  /// clean: trying the same again would succeed and lose it. What is committed is therefore written anew into
  /// the database and the log emptied, which also takes the failed batch out of the log. The connection stays
  /// the same: one that is opened anew would find the failed batch in the log and take it for committed.
  Result<void> make_usable() {
    if (doubtful_) {
      if (auto mended = database_.checkpoint_and_truncate(); !mended)
        return failure(path_, mended.error().what);
      doubtful_ = false;
    }
    if (statements_) return {};
    auto prepared = prepare_all(database_);
    if (!prepared) return failure(path_, prepared.error().what);
    statements_ = std::move(*prepared);
    return {};
  }

  bool check_slice(VerifyJob& job) {
    if (!job.check.advance(database_, verify_slice_records)) return false;
    boost::asio::post(io_, [done = std::move(job.done), verdict = job.check.verdict()] { done(verdict); });
    return true;
  }

  Result<Past> read_past() {
    if (auto usable = make_usable(); !usable) return tl::unexpected<Failure>(usable.error());
    Past past;
    DatabaseResult<void> read = read_events(past);
    if (read) read = read_positions(past);
    if (read) read = read_attempts(past);
    if (read) read = read_alive(past);
    if (!read) return failure(path_, read.error().what);
    return past;
  }

  DatabaseResult<void> read_events(Past& past) {
    return each_row("SELECT sequence, body FROM record ORDER BY sequence", [&](const Statement& row) {
      auto event = parse_journal(row.bytes(1));
      if (event) {
        past.events.push_back(std::move(*event));
      } else if (++past.damaged <= damage_told_limit) {
        past.damage.push_back("record " + std::to_string(row.integer(0)) + ": " + event.error().text());
      }
    });
  }

  DatabaseResult<void> read_positions(Past& past) {
    return each_row(
        "SELECT device, path, file, device_number, inode, read_to, fingerprint FROM log_position"
        " ORDER BY device, path, file",
        [&](const Statement& row) {
          past.positions.push_back({std::string(row.bytes(0)), std::string(row.bytes(1)),
                                    std::string(row.bytes(2)), unstored(row.integer(3)),
                                    unstored(row.integer(4)), unstored(row.integer(5)),
                                    std::string(row.bytes(6))});
        });
  }

  DatabaseResult<void> read_attempts(Past& past) {
    return each_row("SELECT id FROM attempt",
                    [&](const Statement& row) { past.attempts.emplace(row.bytes(0)); });
  }

  DatabaseResult<void> read_alive(Past& past) {
    return each_row("SELECT value FROM about WHERE name = 'alive'", [&](const Statement& row) {
      const std::string_view text = row.bytes(0);
      std::int64_t count = 0;
      const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
      if (read.ec == std::errc{}) past.alive = Time(Milliseconds(count));
    });
  }

  template <class Each>
  DatabaseResult<void> each_row(std::string_view sql, Each each) {
    auto rows = database_.prepare(sql);
    if (!rows) return tl::unexpected<DatabaseFailure>(rows.error());
    for (;;) {
      const auto row = rows->step();
      if (!row) return tl::unexpected<DatabaseFailure>(row.error());
      if (!*row) return {};
      each(*rows);
    }
  }

  boost::asio::io_context& io_;
  const std::string path_;
  AttachmentFolder attachments_;

  // Only the thread touches these after the start, except the two texts that never change.
  JournalFile file_;
  Database database_;
  std::optional<Statements> statements_;
  bool doubtful_ = false;

  mutable std::mutex mutex_;  ///< guards what follows
  JournalHead committed_;
  std::condition_variable changed_;
  std::deque<CommitJob> queue_;
  std::deque<VerifyJob> verifications_;
  std::deque<RecordsJob> readings_;
  std::promise<Result<Past>>* past_wanted_ = nullptr;
  bool stopping_ = false;

  std::thread thread_;
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(boost::asio::io_context& io, const std::string& path,
                                           Language language) {
  auto file = open_journal(path, language);
  if (!file) return tl::unexpected<Failure>(file.error());
  auto impl = std::make_unique<Impl>(io, path, std::move(*file));
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

Result<Past> Store::past() {
  return impl_->past();
}

void Store::commit(Batch batch, Done done) {
  impl_->commit(std::move(batch), std::move(done));
}

void Store::verify(std::function<void(const JournalVerdict&)> done) {
  impl_->verify(std::move(done));
}

void Store::records(int incident, std::function<void(Result<std::vector<JournalRecord>>)> done) {
  impl_->records(incident, std::move(done));
}

AttachmentFolder& Store::attachments() {
  return impl_->attachments();
}

ChainHead Store::head() const {
  return impl_->head();
}

const std::string& Store::installation() const {
  return impl_->installation();
}

const std::string& Store::warning() const {
  return impl_->warning();
}

Result<JournalVerdict> verify_journal(const std::string& path, Language language) {
  // Reading a log that was left behind makes an index file beside it, which nobody needs afterwards.
  const std::string index = path + "-shm";
  const bool had_index = ::access(index.c_str(), F_OK) == 0;
  JournalVerdict verdict;
  {
    auto file = read_journal(path, language);
    if (!file) return tl::unexpected<Failure>(file.error());
    ChainCheck check(file->installation);
    while (!check.advance(file->database, verify_slice_records)) {
    }
    verdict = check.verdict();
  }
  if (!had_index) ::unlink(index.c_str());
  return verdict;
}

}  // namespace nethealth
