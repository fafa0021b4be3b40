#include "agent/scheduler.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace nethealth {
namespace {

constexpr std::array<std::string_view, look_kinds> look_words{"icmp", "snmp", "tcp", "http", "plugin"};

std::size_t index(LookKind kind) {
  return static_cast<std::size_t>(kind);
}

bool has_service(const Device& device, LookKind kind) {
  return std::any_of(device.services.begin(), device.services.end(),
                     [&](const Service& service) { return service.look() == word(kind); });
}

void add_device(std::vector<LookTask>& tasks, DeviceIndex number, const Device& device) {
  const Polling& polling = device.polling;
  if (!device.addresses.empty()) {
    tasks.push_back({number, LookKind::icmp, false, polling.icmp.interval});
    if (device.credential) tasks.push_back({number, LookKind::snmp, false, polling.snmp.interval});
    if (has_service(device, LookKind::tcp))
      tasks.push_back({number, LookKind::tcp, false, polling.tcp.interval});
    if (has_service(device, LookKind::http))
      tasks.push_back({number, LookKind::http, false, polling.http.interval});
    if (has_service(device, LookKind::plugin))
      tasks.push_back({number, LookKind::plugin, false, polling.tcp.interval});
  }
  if (!device.management) return;
  tasks.push_back({number, LookKind::icmp, true, polling.icmp.interval});
  if (device.management->credential) tasks.push_back({number, LookKind::snmp, true, polling.snmp.interval});
}

}  // namespace

std::string_view word(LookKind kind) {
  return look_words[index(kind)];
}

std::optional<LookKind> look_kind(std::string_view text) {
  const auto found = std::find(look_words.begin(), look_words.end(), text);
  if (found == look_words.end()) return std::nullopt;
  return static_cast<LookKind>(found - look_words.begin());
}

std::vector<LookTask> look_tasks(const Site& site) {
  std::vector<LookTask> tasks;
  for (DeviceIndex i = 0; i < site.devices.size(); ++i)
    if (i != site.monitor) add_device(tasks, i, site.devices[i]);
  return tasks;
}

Scheduler::Scheduler(std::vector<LookTask> tasks, Time start)
    : tasks_(std::move(tasks)), states_(tasks_.size()), wanted_second_(start) {
  std::array<std::int64_t, look_kinds> count{};
  std::array<std::int64_t, look_kinds> place{};
  for (LookTask& task : tasks_) {
    task.interval = std::max(task.interval, Milliseconds(1));
    ++count[index(task.kind)];
  }
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    const LookTask& task = tasks_[i];
    const std::size_t kind = index(task.kind);
    turns_.push({start + task.interval * place[kind]++ / count[kind], i});
    if (by_device_.size() <= task.device) by_device_.resize(task.device + 1);
    by_device_[task.device].push_back(i);
  }
}

std::vector<Look> Scheduler::due(Time now) {
  std::vector<Look> looks;
  start_wanted(now, looks);
  take_turns(now);
  start_waiting(looks);
  return looks;
}

void Scheduler::take_turns(Time now) {
  while (!turns_.empty() && turns_.top().when <= now) {
    Turn turn = turns_.top();
    turns_.pop();
    State& state = states_[turn.task];
    const LookTask& task = tasks_[turn.task];
    if (state.polling || state.waiting) {
      ++skipped_;
    } else {
      state.waiting = true;
      waiting_[index(task.kind)].push_back(turn.task);
    }
    const auto missed = (now - turn.when) / task.interval;
    turn.when += task.interval * (missed + 1);
    turns_.push(turn);
  }
}

void Scheduler::start_waiting(std::vector<Look>& looks) {
  for (std::size_t kind = 0; kind < look_kinds; ++kind) {
    std::deque<std::size_t>& waiting = waiting_[kind];
    while (!waiting.empty() && running_[kind] < max_running[kind]) {
      State& state = states_[waiting.front()];
      state.waiting = false;
      state.polling = true;
      ++running_[kind];
      looks.push_back({waiting.front(), false});
      waiting.pop_front();
    }
  }
}

void Scheduler::start_wanted(Time now, std::vector<Look>& looks) {
  if (now - wanted_second_ >= std::chrono::seconds(1)) {
    wanted_second_ = now;
    wanted_starts_ = 0;
  }
  while (!wanted_.empty() && wanted_allowed()) {
    State& state = states_[wanted_.front()];
    state.wanted = false;
    state.wanted_running = true;
    ++wanted_running_;
    ++wanted_starts_;
    looks.push_back({wanted_.front(), true});
    wanted_.pop_front();
  }
}

bool Scheduler::wanted_allowed() const {
  return wanted_starts_ < max_wanted_starts_per_second && wanted_running_ < max_wanted_running;
}

void Scheduler::finished(const Look& look) {
  State& state = states_[look.task];
  if (look.wanted) {
    state.wanted_running = false;
    --wanted_running_;
    if (std::exchange(state.wanted_again, false)) queue_wanted(look.task);
  } else {
    state.polling = false;
    --running_[index(tasks_[look.task].kind)];
    if (std::exchange(state.poll_again, false)) queue_poll(look.task);
  }
}

void Scheduler::queue_wanted(std::size_t task) {
  if (std::exchange(states_[task].wanted, true)) return;
  wanted_.push_back(task);
}

bool Scheduler::want(DeviceIndex device, LookKind kind) {
  bool any = false;
  if (device >= by_device_.size()) return false;
  for (const std::size_t task : by_device_[device]) {
    if (tasks_[task].kind != kind) continue;
    any = true;
    if (states_[task].wanted_running)
      states_[task].wanted_again = true;
    else
      queue_wanted(task);
  }
  return any;
}

void Scheduler::queue_poll(std::size_t task) {
  if (std::exchange(states_[task].waiting, true)) return;
  waiting_[index(tasks_[task].kind)].push_back(task);
}

bool Scheduler::poll_now(DeviceIndex device, LookKind kind) {
  bool any = false;
  if (device >= by_device_.size()) return false;
  for (const std::size_t task : by_device_[device]) {
    if (tasks_[task].kind != kind) continue;
    any = true;
    if (states_[task].polling)
      states_[task].poll_again = true;
    else
      queue_poll(task);
  }
  return any;
}

std::optional<Time> Scheduler::wake(Time now) const {
  std::optional<Time> next;
  if (!turns_.empty()) next = turns_.top().when;
  for (std::size_t kind = 0; kind < look_kinds; ++kind)
    if (!waiting_[kind].empty() && running_[kind] < max_running[kind]) return now;
  if (wanted_.empty() || wanted_running_ >= max_wanted_running) return next;
  if (wanted_starts_ < max_wanted_starts_per_second) return now;
  const Time second_over = std::max(now, wanted_second_ + std::chrono::seconds(1));
  return next ? std::min(*next, second_over) : second_over;
}

}  // namespace nethealth
