#include "agent/lamp_keeper.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <utility>

#include "agent/lamp_link.hpp"
#include "agent/settle_timer.hpp"

namespace nethealth {
namespace {

using boost::asio::steady_timer;
using Error = boost::system::error_code;

struct Tower {
  Tower(boost::asio::io_context& io, CurlWorker& curl, const Channel& given, Milliseconds patience)
      : channel(given), state{given.name, "lamp", {}}, link(io, curl, given, patience), timer(io) {}
  const Channel channel;
  ChannelState state;
  LampLink link;
  steady_timer timer;
  LampPattern wanted;
  std::optional<LampPattern> told;   ///< that it took
  std::optional<LampPattern> shown;  ///< what it says that it shows; empty: it does not tell
  std::string by_hand;               ///< that somebody else changed it, since the last new pattern
  bool talking = false;
  bool lit_for_test = false;                    ///< until the timer, or until something else has to be shown
  std::function<void(const LampTest&)> tested;  ///< a lamp test is under way
};
using SharedTower = std::shared_ptr<Tower>;

}  // namespace

class LampKeeper::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, CurlWorker& curl, const std::vector<Channel>& channels, Language language,
       Incidents incidents, Now now, ChannelTrouble trouble, LampTimes times)
      : language_(language),
        incidents_(std::move(incidents)),
        now_(std::move(now)),
        trouble_(std::move(trouble)),
        times_(times),
        settle_(io, times.settle, [this] { look(); }) {
    for (const Channel& channel : channels)
      if (channel.type == Channel::Type::patlite)
        towers_.push_back(std::make_shared<Tower>(io, curl, channel, times.patience));
  }

  void changed() {
    if (!towers_.empty()) settle_.changed();
  }

  [[nodiscard]] SharedTower find(const std::string& channel) const {
    const auto found =
        std::ranges::find(towers_, channel, [](const SharedTower& each) { return each->channel.name; });
    return found == towers_.end() ? nullptr : *found;
  }

  void test(const std::string& channel, std::function<void(const LampTest&)> done) {
    const SharedTower tower = find(channel);
    if (!tower || tower->talking || tower->tested)
      return done({false, std::string(Phrase{"表示灯は今、別の指示を受けています。もう一度試してください",
                                             "the signal tower is busy, try again"}
                                          .in(language_))});
    tower->tested = std::move(done);
    begin(tower, lamp_test_pattern);
  }

  void add_states(std::vector<ChannelState>& all) const {
    for (const SharedTower& tower : towers_) {
      std::string& shows = all.emplace_back(tower->state).shows;
      if (tower->shown) shows = lamp_text(*tower->shown, language_);
      if (!tower->by_hand.empty()) shows += (shows.empty() ? "" : "; ") + tower->by_hand;
    }
  }

  void stop() {
    for (const SharedTower& tower : towers_) tower->timer.cancel();
    towers_.clear();
  }

 private:
  void look() {
    const std::vector<IncidentPicture> incidents = incidents_();
    for (const SharedTower& tower : towers_) {
      const LampPattern wanted = lamp_pattern(incidents, tower->channel);
      if (wanted != tower->wanted) {
        tower->by_hand.clear();
        tower->lit_for_test = false;
      }
      tower->wanted = wanted;
      if (tower->told != wanted && !tower->tested && !tower->lit_for_test) begin(tower, wanted);
    }
  }

  void begin(const SharedTower& tower, const LampPattern& pattern) {
    if (tower->talking) return;
    tower->talking = true;
    tower->timer.cancel();
    tower->link.tell(pattern, [weak = weak_from_this(), tower, pattern](const std::string& trouble) {
      const auto self = weak.lock();
      if (!self) return;
      if (!trouble.empty()) return self->finished(tower, pattern, trouble);
      self->read_back(tower, pattern);
    });
  }

  void read_back(const SharedTower& tower, const LampPattern& pattern) {
    tower->link.ask([weak = weak_from_this(), tower, pattern](const std::optional<LampPattern>& shown) {
      const auto self = weak.lock();
      if (!self) return;
      tower->shown = shown;
      self->finished(tower, pattern,
                     shown && !shows_as_told(pattern, *shown) ? self->differs(*shown, pattern) : "");
    });
  }

  [[nodiscard]] std::string differs(const LampPattern& shown, const LampPattern& told) const {
    const std::string is = lamp_text(shown, language_);
    const std::string should = lamp_text(told, language_);
    if (language_ == Language::ja) return "指示（" + should + "）と違う状態です（" + is + "）";
    return "it shows \"" + is + "\" and was told \"" + should + "\"";
  }

  void finished(const SharedTower& tower, const LampPattern& pattern, const std::string& trouble) {
    if (towers_.empty()) return;
    tower->talking = false;
    tower->told = trouble.empty() ? std::optional(pattern) : std::nullopt;
    if (tower->state.note(trouble, now_())) trouble_(tower->channel.name, trouble);
    if (tower->tested) return answer_test(tower);
    if (trouble.empty() && tower->wanted != pattern) return begin(tower, tower->wanted);
    wait(tower, trouble.empty() ? times_.refresh : times_.retry);
  }

  void wait(const SharedTower& tower, Milliseconds span) {
    tower->timer.expires_after(span);
    tower->timer.async_wait([weak = weak_from_this(), tower](const Error& error) {
      const auto self = weak.lock();
      if (!error && self) self->refresh(tower);
    });
  }

  /// Before it is told again: what did others make of it meanwhile?
  void refresh(const SharedTower& tower) {
    if (tower->talking) return;
    tower->lit_for_test = false;
    if (!tower->told) return begin(tower, tower->wanted);
    tower->talking = true;
    tower->link.ask([weak = weak_from_this(), tower](const std::optional<LampPattern>& shown) {
      const auto self = weak.lock();
      if (!self) return;
      tower->talking = false;
      if (shown && tower->told && !shows_as_told(*tower->told, *shown)) self->note_hand(*tower, *shown);
      self->begin(tower, tower->wanted);
    });
  }

  void note_hand(Tower& tower, const LampPattern& shown) {
    const Phrase what{"他から操作され、元に戻しました: ", "changed by somebody else, and put right: "};
    tower.by_hand = std::string(what.in(language_)) + differs(shown, *tower.told);
    trouble_(tower.channel.name, tower.by_hand);
    trouble_(tower.channel.name, "");
  }

  /// Lit for a while, so that somebody can look; then the old state is told again.
  void answer_test(const SharedTower& tower) {
    const auto done = std::exchange(tower->tested, {});
    LampTest test{tower->state.trouble.empty(), tower->state.trouble};
    if (test.good && tower->shown) test.text = lamp_text(*tower->shown, language_);
    if (test.good && !tower->shown)
      test.text = Phrase{"点けました。この機種は状態を返さないので、目で確かめてください",
                         "it took the command; this model does not tell its state, look at it"}
                      .in(language_);
    tower->told.reset();
    tower->lit_for_test = true;
    wait(tower, times_.test);
    done(test);
  }

  const Language language_;
  const Incidents incidents_;
  const Now now_;
  const ChannelTrouble trouble_;
  const LampTimes times_;
  SettleTimer settle_;
  std::vector<SharedTower> towers_;
};

LampKeeper::LampKeeper(boost::asio::io_context& io, CurlWorker& curl, const std::vector<Channel>& channels,
                       Language language, Incidents incidents, Now now, ChannelTrouble trouble,
                       LampTimes times)
    : impl_(std::make_shared<Impl>(io, curl, channels, language, std::move(incidents), std::move(now),
                                   std::move(trouble), times)) {}

LampKeeper::~LampKeeper() {
  impl_->stop();
}

void LampKeeper::changed() {
  impl_->changed();
}

bool LampKeeper::has(const std::string& channel) const {
  return impl_->find(channel) != nullptr;
}

void LampKeeper::test(const std::string& channel, std::function<void(const LampTest&)> done) {
  impl_->test(channel, std::move(done));
}

void LampKeeper::add_states(std::vector<ChannelState>& all) const {
  impl_->add_states(all);
}

}  // namespace nethealth
