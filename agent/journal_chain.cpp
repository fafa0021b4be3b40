#include "agent/journal_chain.hpp"

#include <utility>

namespace nethealth {
namespace {

void append_number(std::string& bytes, std::uint64_t number, unsigned width) {
  while (width > 0) {
    --width;
    bytes += static_cast<char>((number >> (8 * width)) & 0xffU);
  }
}

}  // namespace

std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Digest first_hash(std::string_view installation) {
  return sha256("nethealth journal " + std::string(installation));
}

Digest record_hash(const Digest& previous, std::int64_t sequence, std::int64_t time, std::string_view type,
                   std::string_view body) {
  std::string bytes(bytes_of(previous));
  bytes.reserve(bytes.size() + 20 + type.size() + body.size());
  append_number(bytes, static_cast<std::uint64_t>(sequence), 8);
  append_number(bytes, static_cast<std::uint64_t>(time), 8);
  append_number(bytes, type.size(), 4);
  bytes += type;
  bytes += body;
  return sha256(bytes);
}

void ChainCheck::broken(JournalVerdict::Finding finding, std::int64_t at) {
  verdict_.finding = finding;
  verdict_.at = at < 0 ? 0 : static_cast<std::uint64_t>(at);
}

bool ChainCheck::check_row(const Statement& row) {
  const std::int64_t sequence = row.integer(0);
  if (sequence != last_ + 1) {
    broken(sequence > last_ ? JournalVerdict::Finding::gap : JournalVerdict::Finding::edited, last_ + 1);
    return false;
  }
  const Digest hash = record_hash(previous_, sequence, row.integer(1), row.bytes(2), row.bytes(3));
  if (row.bytes(4) != bytes_of(hash)) {
    broken(JournalVerdict::Finding::edited, sequence);
    return false;
  }
  previous_ = hash;
  last_ = sequence;
  from_ = sequence + 1;
  ++verdict_.records;
  return true;
}

DatabaseResult<void> ChainCheck::check_end(Database& database) {
  auto head = database.prepare("SELECT count, hash FROM head WHERE one = 1");
  if (!head) return tl::unexpected<DatabaseFailure>(head.error());
  const auto row = head->step();
  if (!row) return tl::unexpected<DatabaseFailure>(row.error());
  if (!*row || head->integer(0) > last_) {
    broken(JournalVerdict::Finding::end_missing, last_ + 1);
  } else if (head->integer(0) < last_) {
    broken(JournalVerdict::Finding::end_added, head->integer(0) + 1);
  } else if (head->bytes(1) != bytes_of(previous_)) {
    broken(JournalVerdict::Finding::edited, last_);
  }
  return {};
}

DatabaseResult<bool> ChainCheck::look(Database& database, std::size_t records) {
  auto rows = database.prepare(
      "SELECT sequence, time, type, body, hash FROM record WHERE sequence >= ? ORDER BY sequence LIMIT ?");
  if (!rows) return tl::unexpected<DatabaseFailure>(rows.error());
  rows->bind(1, from_).bind(2, static_cast<std::int64_t>(records));
  for (std::size_t i = 0; i < records; ++i) {
    const auto row = rows->step();
    if (!row) return tl::unexpected<DatabaseFailure>(row.error());
    if (!*row) {
      if (auto end = check_end(database); !end) return tl::unexpected<DatabaseFailure>(end.error());
      return true;
    }
    if (!check_row(*rows)) return true;
  }
  return false;
}

bool ChainCheck::advance(Database& database, std::size_t records) {
  const auto finished = look(database, records);
  verdict_.head = hex(bytes_of(previous_));
  if (finished) return *finished;
  verdict_.finding = JournalVerdict::Finding::unreadable;
  verdict_.detail = finished.error().what;
  return true;
}

std::string sentence(const JournalVerdict& verdict, Language language) {
  const auto say = [&](std::string ja, std::string en) { return language == Language::ja ? ja : en; };
  const std::string at = std::to_string(verdict.at);
  const std::string count = std::to_string(verdict.records);
  switch (verdict.finding) {
    case JournalVerdict::Finding::whole:
      return say("記録は完全です（" + count + "件）。", "The journal is whole: " + count + " records.");
    case JournalVerdict::Finding::edited:
      return say("記録" + at + "が書き換えられています（その前の" + count + "件は完全です）。",
                 "Record " + at + " was changed; the " + count + " before it are whole.");
    case JournalVerdict::Finding::gap:
      return say("記録" + at + "がありません（その前の" + count + "件は完全です）。",
                 "Record " + at + " is missing; the " + count + " before it are whole.");
    case JournalVerdict::Finding::end_missing:
      return say("末尾の記録が失われています。記録" + at + "以降がありません。",
                 "The end of the journal is missing, from record " + at + " on.");
    case JournalVerdict::Finding::end_added:
      return say("正規の末尾の後に記録が加えられています（記録" + at + "から）。",
                 "Records were added after the journal's end, from record " + at + " on.");
    case JournalVerdict::Finding::unreadable:
      return say("記録ファイルが壊れていて読めません（" + count + "件までは完全）: " + verdict.detail,
                 "The journal's file is damaged after " + count + " whole records: " + verdict.detail);
  }
  return {};
}

}  // namespace nethealth
