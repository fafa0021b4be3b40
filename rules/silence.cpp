#include "rules/silence.hpp"

#include <algorithm>

namespace nethealth {

void SilenceBook::apply(const Event& event) {
  if (const auto* added = std::get_if<SilenceAdded>(&event.what)) {
    silences_[added->silence] = {*added, event.time, ""};
    last_ = std::max(last_, added->silence);
  } else if (const auto* confirmed = std::get_if<SilenceConfirmed>(&event.what)) {
    if (const auto found = silences_.find(confirmed->silence); found != silences_.end())
      found->second.confirmed_by = confirmed->person;
  } else if (const auto* ended = std::get_if<SilenceEnded>(&event.what)) {
    silences_.erase(ended->silence);
  }
}

const SilencePicture* SilenceBook::find(int silence) const {
  const auto found = silences_.find(silence);
  return found == silences_.end() ? nullptr : &found->second;
}

std::optional<Time> SilenceBook::next_end() const {
  std::optional<Time> next;
  for (const auto& [number, silence] : silences_)
    if (!next || silence.what.until < *next) next = silence.what.until;
  return next;
}

}  // namespace nethealth
