#pragma once
// The journal: what was decided, in order, for good. One SQLite file, written by a thread of its own; the
// only file that sees SQLite. Records are only ever appended, and each holds the hash of the one before, so
// that verify() finds every edit, gap and missing end. (Who can write the file can also rebuild the whole
// chain; the copy that syslog carries away is what shows that.)
//
// Kept besides: how far each log file was read, committed together with the events its lines led to; and
// which messages were about to be sent for the first time, so that after a crash "never tried" (send it) and
// "tried, outcome unknown" (send it again, marked as a repeat) can be told apart.
//
// A commit is acknowledged when it is on the disk (WAL, synchronous FULL). The file is held exclusively,
// without a shared-memory index (which would raise SIGBUS on a full disk). A second daemon on the same file
// is refused.

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/attachment_folder.hpp"
#include "config/language.hpp"
#include "config/result.hpp"
#include "probes/log_follower.hpp"
#include "rules/event.hpp"

namespace nethealth {

inline constexpr std::size_t store_queue_limit_batches = 100'000;  ///< more is refused at once
inline constexpr std::size_t store_group_limit_records = 5'000;    ///< in one transaction
inline constexpr int store_schema = 1;

/// What is committed together, or not at all.
struct Batch {
  std::vector<Event> events;
  std::vector<LogPosition> positions;  ///< saved
  std::vector<LogPosition> forgotten;  ///< of files that are no more; only the key counts
  std::vector<std::string> attempts;   ///< ids of messages about to be sent for the first time
  std::optional<Time> alive;           ///< the daemon runs, or stopped cleanly, at this wall time
};

/// What a start needs of the time before.
struct Past {
  std::vector<Event> events;  ///< oldest first
  std::vector<LogPosition> positions;
  std::set<std::string> attempts;   ///< of messages without a final outcome
  std::optional<Time> alive;        ///< the last word of the daemon before this one
  std::uint64_t damaged = 0;        ///< records that could not be read back and are left out of `events`
  std::vector<std::string> damage;  ///< the first few of them, with the reason, in English
};

struct JournalVerdict {
  /// `unreadable`: the database engine says that the file is damaged; `detail` is what it said.
  enum class Finding : std::uint8_t { whole, edited, gap, end_missing, end_added, unreadable };
  Finding finding = Finding::whole;
  std::uint64_t records = 0;  ///< looked at and whole
  std::uint64_t at = 0;       ///< the first bad sequence number; 0 when whole or unreadable
  std::string detail;
  std::string head;  ///< the hash of the last whole record, in hexadecimal: what a copy elsewhere must show

  [[nodiscard]] bool whole() const { return finding == Finding::whole; }
};

/// "The journal is whole: 4711 records." or where it is broken and why.
std::string sentence(const JournalVerdict& verdict, Language language);

/// The end of the chain: how many records it has and the hash of the last, in hexadecimal. A copy of it
/// elsewhere shows later that nothing was cut off.
struct ChainHead {
  std::uint64_t records = 0;
  std::string hash;
};

/// A record as it stands in the file.
struct JournalRecord {
  std::uint64_t sequence = 0;
  Time time;
  std::string type;
  std::string body;  ///< journal_text()
  std::string hash;  ///< in hexadecimal
};

inline constexpr std::size_t store_read_limit_bytes = std::size_t{24} * 1024 * 1024;

class Store {
 public:
  using Done = std::function<void(Result<void>)>;

  /// Opens or creates. Refused with a sentence: the folder is missing or not writable, the file is no journal
  /// of ours or of a newer version, another process holds it. Blocks. `io` must outlive the store.
  static Result<std::unique_ptr<Store>> open(boost::asio::io_context& io, const std::string& path,
                                             Language language);
  /// Commits what is queued, then closes. Callbacks that the io_context has not run by then are not called.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Reads everything; for the start, before the io_context runs. Blocks.
  Result<Past> past();

  /// `done` comes on the io_context, never from inside, in the order of the calls (a batch for which the
  /// queue has no room is refused sooner). With a failure nothing of the batch is in, and the store goes on:
  /// the next commit is tried anew, so the same batch may be given again. After a crash a batch that failed,
  /// or was not acknowledged yet, may be in or not.
  void commit(Batch batch, Done done);

  /// Checks the whole chain in slices between commits. `done` comes on the io_context.
  void verify(std::function<void(const JournalVerdict&)> done);

  /// Every record of an incident, oldest first, read in slices between commits. `done` comes on the
  /// io_context. Refused beyond `store_read_limit_bytes`.
  void records(int incident, std::function<void(Result<std::vector<JournalRecord>>)> done);

  /// The files that people handed in, in a folder beside the journal (`PATH.attachments`).
  [[nodiscard]] AttachmentFolder& attachments();

  /// Of what is committed.
  [[nodiscard]] ChainHead head() const;

  /// Random, made when the journal was created: part of every Message-ID.
  [[nodiscard]] const std::string& installation() const;

  /// What was odd at opening (the end of the journal is missing ...), for the log; empty when nothing was.
  [[nodiscard]] const std::string& warning() const;

 private:
  class Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Checks a journal that no daemon holds, without changing it. Refused when one does: ask it. Blocks.
Result<JournalVerdict> verify_journal(const std::string& path, Language language);

}  // namespace nethealth
