#pragma once
// Reading tables and objects as decisions without sockets: which request comes next, what an answer adds,
// when to stop. Safe against agents that never end, go backwards or answer with nothing (net-snmp issue 746).

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "probes/snmp_codec.hpp"

namespace nethealth {

inline constexpr std::size_t max_walk_rows = 20'000;            ///< variable bindings of one walk
inline constexpr std::size_t max_walk_bytes = 4 * 1024 * 1024;  ///< of answers
inline constexpr std::chrono::milliseconds max_walk_time{10'000};
inline constexpr int max_repetitions = 100;
inline constexpr std::size_t max_columns_per_request = 20;
inline constexpr std::size_t gentle_columns_per_request = 4;
inline constexpr std::size_t max_objects_per_get = 24;
/// Enterprises looked for in one agent; real ones have a handful.
inline constexpr std::size_t max_surveyed_enterprises = 32;

/// A piece of a look that asks several times.
class SnmpTask {
 public:
  virtual ~SnmpTask() = default;
  /// The next request; empty when the task is done.
  [[nodiscard]] virtual std::optional<SnmpRequest> next() = 0;
  /// The answer to the last request; `bytes` is its size on the wire.
  virtual void accept(SnmpResponse response, std::size_t bytes, SnmpReadings& readings) = 0;
  /// The last request was not answered at all: true if the task can ask for the same in a way that simpler
  /// agents understand. Once.
  virtual bool retry_gently() { return false; }
};

/// Walks the columns of one table side by side.
class SnmpWalk : public SnmpTask {
 public:
  /// `expected_rows` is what the table held last time, so that no more is asked for; 0 when that is not
  /// known.
  SnmpWalk(std::vector<Oid> columns, SnmpVersion version, std::size_t expected_rows = 0);
  [[nodiscard]] std::optional<SnmpRequest> next() override;
  void accept(SnmpResponse response, std::size_t bytes, SnmpReadings& readings) override;
  /// From GETBULK to GETNEXT of a few columns: some agents drop large requests, some know no other.
  bool retry_gently() override;

  [[nodiscard]] std::size_t rows() const { return rows_; }
  /// Of the longest column.
  [[nodiscard]] std::size_t table_rows() const;
  [[nodiscard]] bool not_increasing() const { return not_increasing_; }
  [[nodiscard]] bool cut() const { return cut_; }
  [[nodiscard]] bool refused() const { return refused_; }  ///< ended by an error other than "no such"

 private:
  struct Column {
    Oid prefix;
    Oid last;
    bool open = true;
    std::size_t rows = 0;
  };
  /// Of the columns that are asked for, as one answer holds.
  [[nodiscard]] int fitting_repetitions() const;
  void shrink();
  void end_by_error(const SnmpResponse& response);
  void take(Column& column, VarBind&& varbind, SnmpReadings& readings, SnmpReadings::const_iterator& next);

  std::vector<Column> columns_;
  std::vector<std::size_t> asked_;
  SnmpVersion version_;
  std::size_t expected_rows_;
  std::size_t width_;          ///< columns a request
  std::size_t start_ = 0;      ///< the first column of the next request
  double binding_bytes_ = 24;  ///< measured: what one binding takes in an answer
  int repetitions_limit_ = max_repetitions;
  std::size_t rows_ = 0;
  std::size_t bytes_ = 0;
  bool not_increasing_ = false;
  bool cut_ = false;
  bool refused_ = false;
};

/// Reads single objects. Those that the agent does not have are remembered in `missing()`.
class SnmpGets : public SnmpTask {
 public:
  explicit SnmpGets(std::vector<Oid> oids);
  [[nodiscard]] std::optional<SnmpRequest> next() override;
  void accept(SnmpResponse response, std::size_t bytes, SnmpReadings& readings) override;

  [[nodiscard]] const std::set<Oid>& missing() const { return missing_; }
  [[nodiscard]] int refusal() const { return refusal_; }  ///< the error-status that ended it, if one did

 private:
  std::vector<Oid> waiting_;  ///< the next to ask at the back
  std::vector<Oid> asked_;
  std::size_t batch_ = max_objects_per_get;
  std::set<Oid> missing_;
  int refusal_ = 0;
};

/// Finds out of which enterprises an agent has objects: GETNEXT from one to the next below 1.3.6.1.4.1.
class SnmpSurvey : public SnmpTask {
 public:
  [[nodiscard]] std::optional<SnmpRequest> next() override;
  void accept(SnmpResponse response, std::size_t bytes, SnmpReadings& readings) override;

  [[nodiscard]] const std::set<std::uint32_t>& enterprises() const { return enterprises_; }

 private:
  std::uint32_t from_ = 0;
  bool ended_ = false;
  std::set<std::uint32_t> enterprises_;
};

}  // namespace nethealth
