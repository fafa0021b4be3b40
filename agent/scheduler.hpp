#pragma once
// Who is looked at when. A plain value machine: time is handed in, nothing is started here; lookout.hpp
// carries out what it says. Polls are spread evenly over their interval so that ten thousand devices do not
// start together, always in the same way for the same tasks. A poll whose turn comes while the one before is
// still running is skipped, never queued. A wanted look runs out of turn, beside a poll that began before it
// was wanted.

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <queue>
#include <string_view>
#include <vector>

#include "config/site.hpp"
#include "config/time.hpp"

namespace nethealth {

enum class LookKind : std::uint8_t { icmp, snmp, tcp, http, plugin };  ///< tcp: also dns, ntp and smtp
inline constexpr std::size_t look_kinds = 5;
std::string_view word(LookKind kind);
std::optional<LookKind> look_kind(std::string_view word);

/// One thing that is looked at again and again.
struct LookTask {
  DeviceIndex device = 0;
  LookKind kind = LookKind::icmp;
  bool management = false;  ///< the management controller instead of the device
  Milliseconds interval{0};
};

/// Everything of the site that can be polled: what has an address, an SNMP credential, services.
std::vector<LookTask> look_tasks(const Site& site);

/// A look to start now.
struct Look {
  std::size_t task = 0;
  bool wanted = false;  ///< the engine asked; otherwise its turn came
};

class Scheduler {
 public:
  /// Polls that run at the same time, by kind.
  static constexpr std::array<std::size_t, look_kinds> max_running{4096, 512, 512, 128, 16};
  static constexpr int max_wanted_starts_per_second = 500;
  static constexpr std::size_t max_wanted_running = 1024;

  Scheduler(std::vector<LookTask> tasks, Time start);

  [[nodiscard]] const LookTask& task(std::size_t index) const { return tasks_[index]; }
  [[nodiscard]] std::size_t size() const { return tasks_.size(); }

  /// The looks to start now. `finished` is owed for each.
  std::vector<Look> due(Time now);
  void finished(const Look& look);

  /// The engine wants the device looked at. Every task of that device and kind runs as soon as the limits
  /// allow; what is wanted already is not queued twice, and a wanted look that began earlier is repeated when
  /// it ends, so that an answer is always younger than the question. False when there is no such task.
  bool want(DeviceIndex device, LookKind kind);

  /// The device's own turn of that kind comes now, with all that a poll looks at; the others keep their
  /// times. While one is under way another follows it. False when there is no such task.
  bool poll_now(DeviceIndex device, LookKind kind);

  /// When due() has something to say next; empty when there is nothing to poll.
  [[nodiscard]] std::optional<Time> wake(Time now) const;

  /// Polls left out because the one before was still running.
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }

 private:
  struct State {
    bool polling = false;
    bool waiting = false;     ///< its turn came, but too many of its kind were running
    bool poll_again = false;  ///< poll_now() since the poll under way began
    bool wanted = false;      ///< in wanted_
    bool wanted_running = false;
    bool wanted_again = false;  ///< wanted once more since that look began
  };
  struct Turn {
    Time when;
    std::size_t task;
    friend bool operator>(const Turn& a, const Turn& b) {
      return a.when != b.when ? a.when > b.when : a.task > b.task;
    }
  };

  void take_turns(Time now);
  void start_waiting(std::vector<Look>& looks);
  void queue_wanted(std::size_t task);
  void queue_poll(std::size_t task);
  void start_wanted(Time now, std::vector<Look>& looks);
  [[nodiscard]] bool wanted_allowed() const;

  std::vector<LookTask> tasks_;
  std::vector<State> states_;
  std::vector<std::vector<std::size_t>> by_device_;
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns_;
  std::array<std::deque<std::size_t>, look_kinds> waiting_;  ///< each task at most once
  std::array<std::size_t, look_kinds> running_{};
  std::deque<std::size_t> wanted_;  ///< each task at most once
  std::size_t wanted_running_ = 0;
  Time wanted_second_;
  int wanted_starts_ = 0;  ///< since wanted_second_
  std::uint64_t skipped_ = 0;
};

}  // namespace nethealth
