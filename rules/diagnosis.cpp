#include "rules/diagnosis.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <queue>
#include <set>

namespace nethealth {

namespace {

constexpr double held_discount = 2.0;   // nats
constexpr double another_onset = 0.05;  // a sign that went bad before the fault can have begun
constexpr double rival_within = 5.0;    // nats; nearer rivals are waited for
constexpr double listed_confidence = 0.01;
constexpr int improvement_rounds = 6;
constexpr double tells_apart = 0.7;  // nats; evidence that differs by less leaves the doubt as it was
constexpr std::size_t rivals_kept = 16;
constexpr std::size_t excluded_kept = 6;

/// Signs whose samples bound the moment of the fault; latched signs (logs, sensors, batteries) do not.
bool dates_the_fault(SignKind kind) {
  return kind == SignKind::ping || kind == SignKind::port || kind == SignKind::snmp ||
         kind == SignKind::service;
}

struct Term {
  SignIndex sign;
  double probability;
  bool bad;
  double strength;  // nats of the sample for what it shows
  double doubt = std::exp(-strength);
};

struct Candidate {
  Fault fault;
  double cost = 0;
  double discount = 0;  // of a held fault; it decides which fault is kept, not how sure it is
  Time onset;
  std::vector<Term> terms;
  std::vector<SignIndex> pending;
};

/// The share of -ln P(samples) that one sign contributes, when `survival` is the chance that no fault shows
/// it.
double surprise(double survival, const Term& term) {
  if (survival == 1.0) return term.bad ? term.strength : 0.0;
  const double shown = term.bad ? 1.0 : term.doubt;
  const double hidden = term.bad ? term.doubt : 1.0;
  return -std::log((1.0 - survival) * shown + survival * hidden);
}

class Cover {
 public:
  Cover(const World& world, std::span<const SignIndex> bad, std::span<const Fault> held)
      : world_(world),
        bad_(bad.begin(), bad.end()),
        is_bad_(world.states.size(), false),
        survival_(world.states.size(), 1.0) {
    for (const SignIndex sign : bad_) is_bad_[sign] = true;
    std::set<Fault> faults(held.begin(), held.end());
    const std::set<Fault> discounted = faults;
    for (const SignIndex sign : bad_)
      for (const Fault& fault : causes(world, sign)) faults.insert(fault);
    for (const Fault& fault : faults) {
      Candidate candidate = weigh(fault);
      if (discounted.contains(fault)) candidate.discount = held_discount;
      candidate.cost -= candidate.discount;
      if (std::ranges::any_of(candidate.terms, &Term::bad)) candidates_.push_back(std::move(candidate));
    }
    index_candidates();
  }

  std::vector<Verdict> solve() {
    greedy();
    bool changed = true;
    for (int round = 0; round < improvement_rounds && changed; ++round) {
      changed = prune();
      changed = swap() || changed;
    }
    expand();
    gather();
    prune();
    std::vector<Verdict> verdicts;
    for (const std::size_t chosen : std::vector(chosen_)) verdicts.push_back(judge(chosen));
    std::ranges::sort(verdicts, {}, &Verdict::fault);
    return verdicts;
  }

 private:
  Candidate weigh(const Fault& fault) {
    Candidate candidate{fault, cost(world_, fault), 0, Time::max(), {}, {}};
    const std::vector<Prediction> predictions = predict(world_, fault);
    Time latest_good = Time::min();
    for (const Prediction& prediction : predictions) {
      const Sign& sign = world_.states[prediction.sign];
      if (is_bad_[prediction.sign] && prediction.probability >= 0.5 && dates_the_fault(sign.kind) &&
          sign.last_good)
        latest_good = std::max(latest_good, *sign.last_good);
    }
    const auto fits = [&](const Sign& sign) {
      return !dates_the_fault(sign.kind) || *sign.first_bad >= latest_good;
    };
    for (const Prediction& prediction : predictions) {
      const Sign& sign = world_.states[prediction.sign];
      if (!is_bad_[prediction.sign] || prediction.probability < 0.5 || !fits(sign)) continue;
      candidate.onset = std::min(candidate.onset, *sign.first_bad);
    }
    for (const Prediction& prediction : predictions) {
      const Sign& sign = world_.states[prediction.sign];
      if (is_bad_[prediction.sign]) {
        const double p =
            fits(sign) ? prediction.probability : std::min(another_onset, prediction.probability);
        candidate.terms.push_back({prediction.sign, p, true, bad_strength(world_, sign)});
      } else if (sign.known && !sign.bad && sign.last_sample >= candidate.onset) {
        candidate.terms.push_back(
            {prediction.sign, std::min(prediction.probability, prediction.denial), false, 12.0});
      } else if (prediction.probability >= 0.3 && !sign.bad) {
        candidate.pending.push_back(prediction.sign);
      }
    }
    return candidate;
  }

  double delta(const Candidate& candidate) const {
    double sum = candidate.cost;
    for (const Term& term : candidate.terms)
      sum += surprise(survival_[term.sign] * (1 - term.probability), term) -
             surprise(survival_[term.sign], term);
    return sum;
  }

  void add(std::size_t index) {
    chosen_.push_back(index);
    is_chosen_[index] = true;
    for (const Term& term : candidates_[index].terms) survival_[term.sign] *= 1 - term.probability;
  }

  void remove(std::size_t index) {
    std::erase(chosen_, index);
    is_chosen_[index] = false;
    // Recomputed rather than divided: a product of near-zeros cannot be taken apart again.
    for (const Term& term : candidates_[index].terms) {
      survival_[term.sign] = 1.0;
      for (const auto& [other, probability] : by_sign_[term.sign])
        if (is_chosen_[other]) survival_[term.sign] *= 1 - probability;
    }
  }

  /// Lazy greedy cover: a fault's gain only shrinks as others are chosen.
  void greedy() {
    std::vector<std::size_t> all(candidates_.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    cover_with(all);
  }

  /// The sum of what the chosen ones gain.
  double cover_with(const std::vector<std::size_t>& candidates) {
    using Entry = std::pair<double, std::size_t>;
    std::vector<Entry> entries;
    for (const std::size_t i : candidates)
      if (const double d = delta(candidates_[i]); d < 0) entries.emplace_back(d, i);
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> heap(std::greater<>(), std::move(entries));
    double sum = 0;
    while (!heap.empty()) {
      const auto [old, index] = heap.top();
      heap.pop();
      const double now = delta(candidates_[index]);
      if (now >= 0) continue;
      if (!heap.empty() && now > heap.top().first + 1e-9) {
        heap.emplace(now, index);
      } else {
        sum += now;
        add(index);
      }
    }
    return sum;
  }

  bool prune() {
    bool changed = false;
    for (const std::size_t index : std::vector(chosen_)) {
      remove(index);
      if (delta(candidates_[index]) < 0)
        add(index);
      else
        changed = true;
    }
    return changed;
  }

  bool swap() {
    bool changed = false;
    for (const std::size_t index : std::vector(chosen_)) {
      remove(index);
      std::size_t best = index;
      double best_delta = delta(candidates_[index]);
      for (const std::size_t other : rivals_of(index))
        if (const double d = delta(candidates_[other]); d < best_delta - 1e-9) {
          best = other;
          best_delta = d;
        }
      add(best);
      changed |= best != index;
    }
    return changed;
  }

  /// Candidates that explain some of the same bad signs and are not chosen.
  std::vector<std::size_t> rivals_of(std::size_t index) const {
    std::vector<bool> seen(candidates_.size(), false);
    std::vector<std::size_t> found;
    for (const Term& term : candidates_[index].terms) {
      if (!term.bad) continue;
      for (const auto& [other, probability] : by_sign_[term.sign]) {
        if (other == index || seen[other] || is_chosen_[other]) continue;
        seen[other] = true;
        found.push_back(other);
      }
    }
    std::ranges::sort(found);
    return found;
  }

  void index_candidates() {
    by_sign_.resize(world_.states.size());
    is_chosen_.resize(candidates_.size(), false);
    for (std::size_t i = 0; i < candidates_.size(); ++i)
      for (const Term& term : candidates_[i].terms)
        by_sign_[term.sign].emplace_back(static_cast<std::uint32_t>(i), term.probability);
  }

  /// Greedy takes a shared cause first and cannot exchange it for several small ones: closing time is five
  /// terminals switched off, not a dead hub.
  void expand() {
    for (const std::size_t shared : std::vector(chosen_)) {
      if (std::ranges::count_if(candidates_[shared].terms, &Term::bad) < 2) continue;
      const std::vector<std::size_t> before = chosen_;
      const std::vector<double> survival = survival_;
      std::vector<std::size_t> small = rivals_of(shared);
      std::erase_if(small, [&](std::size_t rival) { return is_shared(candidates_[rival]); });
      remove(shared);
      const double with_shared = delta(candidates_[shared]);
      if (cover_with(small) < with_shared - 1e-9) continue;
      for (const std::size_t added : chosen_) is_chosen_[added] = false;
      for (const std::size_t kept : before) is_chosen_[kept] = true;
      chosen_ = before;
      survival_ = survival;
    }
  }

  /// The other way round: a cause of many was first taken and then exchanged for small ones, of which some
  /// are better explained by a cause of a few. Two terminals of one hub are the hub.
  void gather() {
    for (const auto& [shared, all] : shared_by_small_ones()) {
      std::vector<std::size_t> small = all;
      std::erase_if(small, [&](std::size_t rival) { return !is_chosen_[rival]; });
      if (small.size() < 2 || is_chosen_[shared] || !is_shared(candidates_[shared])) continue;
      for (const std::size_t rival : small) remove(rival);
      const double with_shared = delta(candidates_[shared]);
      double with_small = 0;
      for (const std::size_t rival : small) {
        with_small += delta(candidates_[rival]);
        add(rival);
      }
      if (with_shared >= with_small - 1e-9) continue;
      for (const std::size_t rival : small) remove(rival);
      add(shared);
      for (const std::size_t rival : small)
        if (delta(candidates_[rival]) < 0) add(rival);
    }
  }

  /// What several chosen small causes could be exchanged for, found from those: they are few, whereas a core
  /// switch shares its signs with everything.
  std::map<std::size_t, std::vector<std::size_t>> shared_by_small_ones() const {
    std::map<std::size_t, std::vector<std::size_t>> found;
    for (const std::size_t small : chosen_) {
      if (is_shared(candidates_[small])) continue;
      for (const Term& term : candidates_[small].terms) {
        if (!term.bad || term.probability <= 0.5) continue;
        for (const auto& [other, probability] : by_sign_[term.sign]) {
          if (is_chosen_[other] || probability <= 0.5) continue;
          std::vector<std::size_t>& all = found[other];
          if (all.empty() || all.back() != small) all.push_back(small);
        }
      }
    }
    return found;
  }

  static bool is_shared(const Candidate& candidate) {
    return std::ranges::count_if(candidate.terms,
                                 [](const Term& t) { return t.bad && t.probability > 0.5; }) > 1 &&
           candidate.fault.kind != FaultKind::device_power &&
           candidate.fault.kind != FaultKind::device_hang && candidate.fault.kind != FaultKind::off;
  }

  Verdict judge(std::size_t index) {
    remove(index);
    const Candidate& own = candidates_[index];
    Verdict verdict;
    verdict.fault = own.fault;
    verdict.onset = own.onset;
    const double own_delta = delta(own) + own.discount;
    verdict.margin = -own_delta;
    std::vector<std::pair<double, std::size_t>> ranked;
    std::vector<std::pair<double, std::size_t>> beaten;
    for (const std::size_t rival : rivals_of(index)) {
      const double d = delta(candidates_[rival]) + candidates_[rival].discount;
      (d < own_delta + 8 ? ranked : beaten).emplace_back(d, rival);
    }
    std::ranges::sort(ranked);
    double sum = 1;
    for (const auto& [d, rival] : ranked) sum += std::exp(own_delta - d);
    verdict.confidence = 1 / sum;
    verdict.lead = 8;
    std::set<SignIndex> pending(own.pending.begin(), own.pending.end());
    std::map<Category, double> belief{{category(world_, own.fault), verdict.confidence}};
    for (const auto& [d, rival] : ranked) {
      const Candidate& other = candidates_[rival];
      const bool same =
          std::abs((d - other.cost - other.discount) - (own_delta - own.cost - own.discount)) < tells_apart;
      const double confidence = std::exp(own_delta - d) / sum;
      belief[category(world_, other.fault)] += confidence;
      if (d - own_delta < rival_within) pending.insert(other.pending.begin(), other.pending.end());
      if (!same) verdict.lead = std::min(verdict.lead, d - own_delta);
      if ((same || confidence >= listed_confidence) && verdict.rivals.size() < rivals_kept)
        verdict.rivals.push_back({other.fault, confidence, d - own_delta, same});
      else
        verdict.excluded.push_back({other.fault, confidence, d - own_delta, same});
    }
    const std::size_t told = std::min(beaten.size(), excluded_kept);
    std::ranges::partial_sort(beaten, beaten.begin() + static_cast<std::ptrdiff_t>(told));
    for (std::size_t i = 0; i < told; ++i)
      verdict.excluded.push_back(
          {candidates_[beaten[i].second].fault, 0, beaten[i].first - own_delta, false});
    for (const auto& [kind, share] : belief)
      if (share >= 0.5) verdict.category = kind;
    verdict.pending.assign(pending.begin(), pending.end());
    describe(own, verdict);
    add(index);
    return verdict;
  }

  /// What it explains, what denies it, and how many separate things bear witness.
  void describe(const Candidate& own, Verdict& verdict) const {
    std::set<std::pair<DeviceIndex, bool>> witnesses;
    for (const Term& term : own.terms) {
      const Sign& sign = world_.states[term.sign];
      if (!term.bad) {
        verdict.denied.push_back(term.sign);
      } else if (term.probability > another_onset || !dates_the_fault(sign.kind)) {
        verdict.explained.push_back(term.sign);
        verdict.evidence += term.strength;
        // The same silence, asked in another way.
        if (sign.kind != SignKind::arp) witnesses.emplace(sign.device, sign.kind == SignKind::ping);
      }
    }
    verdict.witnesses = static_cast<int>(witnesses.size());
  }

  const World& world_;
  std::vector<SignIndex> bad_;
  std::vector<bool> is_bad_;
  std::vector<double> survival_;
  std::vector<Candidate> candidates_;
  std::vector<std::vector<std::pair<std::uint32_t, double>>> by_sign_;  ///< candidates, and how surely
  std::vector<std::size_t> chosen_;
  std::vector<bool> is_chosen_;
};

}  // namespace

double bad_strength(const World& world, const Sign& sign) {
  double each = 6.0;
  switch (sign.kind) {
    case SignKind::ping:
    case SignKind::snmp:
      each = -std::log(world.states.false_silence_rate(sign.kind));
      break;
    case SignKind::service:
      each = sign.outcome == Outcome::timeout ? -std::log(world.states.false_silence_rate(sign.kind)) : 7.6;
      break;
    case SignKind::access:
      each = 7.6;
      break;
    case SignKind::port:
      each = 8.0;
      break;
    case SignKind::port_errors:
      each = 7.7;
      break;
    case SignKind::sensor:
    case SignKind::on_battery:
      each = 7.6;
      break;
    case SignKind::gateway:
      each = 5.0;
      break;
    case SignKind::management:
      each = 6.0;
      break;
    case SignKind::arp:
    case SignKind::path:
      each = 3.0;
      break;
    case SignKind::log:
    case SignKind::carrier:
    case SignKind::storage:
    case SignKind::log_silent:
    case SignKind::log_clock:
      each = strongest_sign;
      break;
  }
  return std::min(strongest_sign, each * sign.bad_count);
}

std::vector<Verdict> diagnose(const World& world, std::span<const SignIndex> bad,
                              std::span<const Fault> held) {
  return Cover(world, bad, held).solve();
}

}  // namespace nethealth
