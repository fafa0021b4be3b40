#include "probes/snmp_walk.hpp"

#include <algorithm>

#include "probes/snmp_objects.hpp"

namespace nethealth {
namespace {

/// Message header, community or security parameters, PDU header.
constexpr std::size_t overhead_bytes = 120;

/// What an object of unknown length may take in an answer: a name of some words.
constexpr double first_guess_bytes = 24;

}  // namespace

SnmpWalk::SnmpWalk(std::vector<Oid> columns, SnmpVersion version, std::size_t expected_rows)
    : version_(version),
      expected_rows_(expected_rows),
      width_(std::min(columns.size(), max_columns_per_request)),
      binding_bytes_(first_guess_bytes) {
  for (Oid& column : columns) columns_.push_back(Column{column, column});
}

std::optional<SnmpRequest> SnmpWalk::next() {
  asked_.clear();
  if (cut_ || columns_.empty()) return std::nullopt;
  // Open columns from start_ on, round and round, so that a narrow request serves all of them.
  for (std::size_t i = 0; i < columns_.size() && asked_.size() < width_; ++i) {
    const std::size_t at = (start_ + i) % columns_.size();
    if (columns_[at].open) asked_.push_back(at);
  }
  if (asked_.empty()) return std::nullopt;
  start_ = (asked_.back() + 1) % columns_.size();
  SnmpRequest request;
  std::size_t rows = 0;
  for (const std::size_t at : asked_) {
    request.oids.push_back(columns_[at].last);
    rows = std::max(rows, columns_[at].rows);
  }
  if (version_ == SnmpVersion::v1) {
    request.verb = SnmpVerb::get_next;
    return request;
  }
  request.verb = SnmpVerb::get_bulk;
  request.max_repetitions = std::clamp(fitting_repetitions(), 1, repetitions_limit_);
  // One row more than are left, which shows the end.
  if (rows < expected_rows_ && expected_rows_ - rows < static_cast<std::size_t>(request.max_repetitions))
    request.max_repetitions = static_cast<int>(expected_rows_ - rows) + 1;
  return request;
}

std::size_t SnmpWalk::table_rows() const {
  std::size_t rows = 0;
  for (const Column& column : columns_) rows = std::max(rows, column.rows);
  return rows;
}

bool SnmpWalk::retry_gently() {
  if (version_ == SnmpVersion::v1 || asked_.empty()) return false;
  version_ = SnmpVersion::v1;  // which knows GETNEXT only
  width_ = std::min(width_, gentle_columns_per_request);
  start_ = asked_.front();
  return true;
}

int SnmpWalk::fitting_repetitions() const {
  const double room = static_cast<double>(wanted_snmp_answer_bytes - overhead_bytes);
  return static_cast<int>(room / (binding_bytes_ * static_cast<double>(asked_.size())));
}

void SnmpWalk::shrink() {
  if (repetitions_limit_ > 1) {
    repetitions_limit_ /= 2;
    // The limit may still lie above what was asked; come down from there.
    repetitions_limit_ = std::max(1, std::min(repetitions_limit_, fitting_repetitions() / 2));
    start_ = asked_.front();
  } else if (asked_.size() > 1) {
    width_ = asked_.size() / 2;
    start_ = asked_.front();
  } else {
    columns_[asked_.front()].open = false;
    refused_ = true;
  }
}

void SnmpWalk::end_by_error(const SnmpResponse& response) {
  if (response.error_status == snmp_error::too_big) {
    shrink();
    return;
  }
  // noSuchName is how version 1 says "no more"; anything else ends the column it names, or all that were
  // asked.
  const bool end_of_view = response.error_status == snmp_error::no_such_name;
  if (!end_of_view) refused_ = true;
  const auto index = static_cast<std::size_t>(response.error_index);
  if (response.error_index >= 1 && index <= asked_.size()) {
    columns_[asked_[index - 1]].open = false;
    start_ = asked_.front();
    return;
  }
  for (const std::size_t at : asked_) columns_[at].open = false;
}

void SnmpWalk::take(Column& column, VarBind&& varbind, SnmpReadings& readings,
                    SnmpReadings::const_iterator& next) {
  // The last row begins with the column's prefix, so one comparison shows both: that this one does, and that
  // it comes later.
  const std::size_t same = common(varbind.oid, column.last);
  if (varbind.value.kind == SnmpValue::Kind::end_of_view || same < column.prefix.size()) {
    column.open = false;
    return;
  }
  const bool later =
      same < varbind.oid.size() && (same == column.last.size() || varbind.oid[same] > column.last[same]);
  if (!later) {
    not_increasing_ = true;
    column.open = false;
    return;
  }
  column.last = varbind.oid;
  ++rows_;
  ++column.rows;
  if (!varbind.value.present()) return;
  next = std::next(readings.emplace_hint(next, std::move(varbind.oid), std::move(varbind.value)));
}

void SnmpWalk::accept(SnmpResponse response, std::size_t bytes, SnmpReadings& readings) {
  bytes_ += bytes;
  if (asked_.empty()) return;
  if (response.error_status != snmp_error::none) {
    end_by_error(response);
    cut_ = cut_ || bytes_ > max_walk_bytes;
    return;
  }
  std::vector<bool> served(asked_.size(), false);
  // Where each column goes on in the readings, so that a row is put there without a search.
  std::vector<SnmpReadings::const_iterator> next(asked_.size(), readings.end());
  for (std::size_t i = 0; i < response.varbinds.size(); ++i) {
    const std::size_t place = i % asked_.size();
    Column& column = columns_[asked_[place]];
    served[place] = true;
    if (column.open) take(column, std::move(response.varbinds[i]), readings, next[place]);
    if (rows_ >= max_walk_rows) cut_ = true;
    if (cut_) return;
  }
  // An agent that says nothing of what was asked has nothing more to say; asking again would never end.
  if (!served.front()) {
    for (const std::size_t at : asked_) columns_[at].open = false;
  }
  if (!response.varbinds.empty() && bytes > overhead_bytes / 2) {
    binding_bytes_ =
        std::max(8.0, static_cast<double>(bytes) / static_cast<double>(response.varbinds.size()));
  }
  if (bytes_ > max_walk_bytes) cut_ = true;
}

SnmpGets::SnmpGets(std::vector<Oid> oids) : waiting_(std::move(oids)) {
  std::reverse(waiting_.begin(), waiting_.end());
}

std::optional<SnmpRequest> SnmpGets::next() {
  asked_.clear();
  if (waiting_.empty() || refusal_ != 0) return std::nullopt;
  for (std::size_t i = 0; i < batch_ && i < waiting_.size(); ++i)
    asked_.push_back(waiting_[waiting_.size() - 1 - i]);
  SnmpRequest request;
  request.verb = SnmpVerb::get;
  request.oids = asked_;
  return request;
}

void SnmpGets::accept(SnmpResponse response, std::size_t, SnmpReadings& readings) {
  if (asked_.empty()) return;
  const auto drop_from_waiting = [&](std::size_t count) { waiting_.resize(waiting_.size() - count); };
  if (response.error_status == snmp_error::none) {
    for (std::size_t i = 0; i < response.varbinds.size() && i < asked_.size(); ++i) {
      VarBind& varbind = response.varbinds[i];
      if (varbind.oid != asked_[i]) continue;
      if (varbind.value.present()) {
        readings.insert_or_assign(varbind.oid, std::move(varbind.value));
      } else {
        missing_.insert(varbind.oid);
      }
    }
    drop_from_waiting(asked_.size());
    return;
  }
  if (response.error_status == snmp_error::too_big && asked_.size() > 1) {
    batch_ = asked_.size() / 2;
    return;
  }
  if (response.error_status == snmp_error::authorization || response.error_status == snmp_error::no_access) {
    refusal_ = response.error_status;
    return;
  }
  // The named one spoils the whole request (RFC 1157, 4.1.2): leave it out and ask the others again.
  const auto index = static_cast<std::size_t>(response.error_index);
  if (response.error_index >= 1 && index <= asked_.size()) {
    missing_.insert(asked_[index - 1]);
    std::erase(waiting_, asked_[index - 1]);
    return;
  }
  if (asked_.size() > 1) {
    batch_ = asked_.size() / 2;
    return;
  }
  missing_.insert(asked_.front());
  drop_from_waiting(1);
}

std::optional<SnmpRequest> SnmpSurvey::next() {
  if (ended_ || enterprises_.size() >= max_surveyed_enterprises) return std::nullopt;
  SnmpRequest request;
  request.verb = SnmpVerb::get_next;
  request.oids = {joined(snmp_object::enterprises, {from_})};
  return request;
}

void SnmpSurvey::accept(SnmpResponse response, std::size_t, SnmpReadings&) {
  ended_ = true;
  if (response.error_status != snmp_error::none || response.varbinds.size() != 1) return;
  const VarBind& found = response.varbinds.front();
  if (!found.value.present() || !starts_with(found.oid, snmp_object::enterprises) ||
      found.oid.size() <= snmp_object::enterprises.size() + 1) {
    return;
  }
  const std::uint32_t enterprise = found.oid[snmp_object::enterprises.size()];
  if (enterprise < from_ || enterprise == UINT32_MAX) return;
  enterprises_.insert(enterprise);
  from_ = enterprise + 1;
  ended_ = false;
}

}  // namespace nethealth
